import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { readPage } from '../db/keyset.js';
import { notFound } from '../lib/errors.js';
import type { OwnNames } from '../lib/own-names.js';
import { parsePage } from '../lib/paging.js';
import type { Connection, PageArgs } from '../lib/paging.js';
import type { JobFilter } from './job.input.js';
import { Job } from './job.entity.js';

export class JobQuery {
  constructor(
    private readonly reader: EntityManager,
    private readonly names: OwnNames,
  ) {}

  async get(accountId: string, id: string): Promise<Job> {
    const [job] = await this.byIds(accountId, [id]);
    if (!job) throw notFound('job', id);
    return job;
  }

  async byIds(accountId: string, ids: readonly string[]): Promise<Job[]> {
    const rows = await selectRows(this.reader, Job, 'job')
      .where({ accountId, id: In([...ids]) })
      .getRawMany<Row>();
    return rows.map(this.read);
  }

  /** Newest first. */
  list(accountId: string, page: PageArgs, { status, kind }: JobFilter): Promise<Connection<Job>> {
    const query = selectRows(this.reader, Job, 'job').where({ accountId });
    if (status) query.andWhere({ status: In(status) });
    if (kind) query.andWhere({ kind: In(kind) });
    const order = { name: 'CREATED_AT DESC', column: 'createdAt', descending: true };
    return readPage(query, order, parsePage(page, order.name), this.read);
  }

  /** A job with the name of its output image as it is to be shown. */
  shown(job: Job): Job {
    const { outputImage } = job;
    return outputImage ? { ...job, outputImage: { ...outputImage, name: this.names.toShown(outputImage.name) } } : job;
  }

  private readonly read = (row: Row): Job => this.shown(fromRow(Job, row));
}
