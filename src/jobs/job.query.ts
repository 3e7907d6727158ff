import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { containsText } from '../db/contains-text.js';
import { readPage } from '../db/keyset.js';
import { ordersOf, readOffsetRows } from '../db/offset-page.js';
import type { JobStatus } from '../events/job-event.entity.js';
import { notFound } from '../lib/errors.js';
import type { OwnNames } from '../lib/own-names.js';
import type { SortedSlice } from '../lib/offset.js';
import { parsePage } from '../lib/paging.js';
import type { Connection, PageArgs } from '../lib/paging.js';
import type { JobFilter } from './job.input.js';
import { Job } from './job.entity.js';

const ORDERS = { id: 'job.id', createdAt: 'job.createdAt', status: 'job.status' };

/** What is left out does not restrict. */
export interface JobListing extends SortedSlice<keyof typeof ORDERS> {
  status?: JobStatus[];
  /** When it was asked for, both included. */
  from?: Date;
  to?: Date;
  /** Contained in the id or the kind. */
  text?: string;
}

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

  listByOffset(accountId: string, listing: JobListing): Promise<Job[]> {
    const query = selectRows(this.reader, Job, 'job').where({ accountId });
    const { status, from, to, text, sort, limit, offset } = listing;
    if (status) query.andWhere({ status: In(status) });
    if (from) query.andWhere('job.createdAt >= :from', { from: from.getTime() });
    if (to) query.andWhere('job.createdAt <= :to', { to: to.getTime() });
    if (text) containsText(query, ['id', 'kind'], text, { field: ['filter', 'search'], limit: 1024 });
    return readOffsetRows(query, { orders: ordersOf(sort, ORDERS), limit, offset }, this.read);
  }

  /** A job with the name of its output image as it is to be shown. */
  shown(job: Job): Job {
    const { outputImage } = job;
    return outputImage ? { ...job, outputImage: { ...outputImage, name: this.names.toShown(outputImage.name) } } : job;
  }

  private readonly read = (row: Row): Job => this.shown(fromRow(Job, row));
}
