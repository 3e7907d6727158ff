// Reads where builds run: by position for GraphQL, by offset for dialects that page so.
import { In } from 'typeorm';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { Build } from '../builds/build.entity.js';
import { BuildStatusType } from '../builds/build-parts.js';
import { containsText } from '../db/contains-text.js';
import { firstOfEach } from '../db/first-of-each.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { readPage } from '../db/keyset.js';
import { ordersOf, readOffsetPage } from '../db/offset-page.js';
import type { OffsetPage, SortedSlice } from '../lib/offset.js';
import { parsePage } from '../lib/paging.js';
import type { Connection, PageArgs } from '../lib/paging.js';
import { Deployment } from './deployment.entity.js';
import type { DeploymentState } from './deployment.entity.js';
import type { DeploymentFilter } from './deployment.input.js';

const ORDERS = {
  CREATED_AT: 'deployment.createdAt',
  NODE_NAME: 'deployment.nodeName',
  STATUS: 'deployment.status',
};

export interface DeploymentSlice extends SortedSlice<keyof typeof ORDERS> {
  status?: DeploymentState;
  /** Looked for in the node's name and the status. */
  text?: string;
}

export interface BuildStateCount {
  buildId: string;
  status: DeploymentState;
  count: number;
}

const read = (row: Row): Deployment => fromRow(Deployment, row);

export class DeploymentQuery {
  constructor(private readonly reader: EntityManager) {}

  /** Newest first, by when a node first reported a build. */
  list(accountId: string, page: PageArgs, filter: DeploymentFilter): Promise<Connection<Deployment>> {
    const query = this.all(accountId);
    const { review, status, buildId, nodeId, text } = filter;
    if (review) whereReviewed(query, review);
    if (status) query.andWhere({ status: In(status) });
    if (buildId) query.andWhere({ buildId: buildId.toLowerCase() });
    if (nodeId) query.andWhere({ nodeId: nodeId.toLowerCase() });
    if (text) containsText(query, ['nodeName'], text);
    const order = { name: 'CREATED_AT DESC', column: 'createdAt', descending: true };
    return readPage(query, order, parsePage(page, order.name), read);
  }

  /** Where one build runs or ran. */
  listByOffset(accountId: string, buildId: string, slice: DeploymentSlice): Promise<OffsetPage<Deployment>> {
    const ofBuild = () => this.all(accountId).andWhere({ buildId: buildId.toLowerCase() });
    const query = ofBuild();
    const { status, text, sort, limit, offset } = slice;
    if (status) query.andWhere({ status });
    if (text) containsText(query, ['nodeName', 'status'], text, { field: ['text'] });
    return readOffsetPage(query, { orders: ordersOf(sort, ORDERS), limit, offset }, read, ofBuild());
  }

  /** Where the builds of an app run or ran, those reported last first. */
  async listOfApp(accountId: string, appId: string, first: number): Promise<Deployment[]> {
    const query = this.all(accountId);
    query.innerJoin(Build, 'build', 'build.accountId = deployment.accountId AND build.id = deployment.buildId');
    query.andWhere('build.appId = :appId', { appId }).orderBy('deployment.updatedAt', 'DESC').limit(first);
    return (await query.getRawMany<Row>()).map(read);
  }

  /** At most `first` of each of several builds, those reported last first, in one statement. */
  listOfEach(accountId: string, buildIds: readonly string[], first: number): Promise<Deployment[][]> {
    return this.latestOfEach(accountId, 'buildId', buildIds, first);
  }

  /** The same of each of several nodes. */
  listOfEachNode(accountId: string, nodeIds: readonly string[], first: number): Promise<Deployment[][]> {
    return this.latestOfEach(accountId, 'nodeId', nodeIds, first);
  }

  /** On how many nodes each of several builds is in each state. */
  async countStates(accountId: string, buildIds: readonly string[]): Promise<BuildStateCount[]> {
    const query = this.all(accountId).andWhere({ buildId: In([...buildIds]) });
    query.select('deployment.buildId', 'buildId').addSelect('deployment.status', 'status');
    query.addSelect('COUNT(*)', 'count').groupBy('deployment.buildId').addGroupBy('deployment.status');
    const rows = await query.getRawMany<Record<keyof BuildStateCount, string>>();
    return rows.map(({ buildId, status, count }) => ({
      ...{ buildId, status: status as DeploymentState, count: Number(count) },
    }));
  }

  private async latestOfEach(
    accountId: string,
    column: 'buildId' | 'nodeId',
    keys: readonly string[],
    first: number,
  ): Promise<Deployment[][]> {
    const query = this.all(accountId).andWhere({ [column]: In([...keys]) });
    const order = 'deployment.updatedAt DESC, deployment.id DESC';
    const rows = await firstOfEach(query, { column, order }, keys, first);
    return rows.map((ofKey) => ofKey.map(read));
  }

  private all(accountId: string): SelectQueryBuilder<Deployment> {
    return selectRows(this.reader, Deployment, 'deployment').where({ accountId });
  }
}

/** Keeps deployments of builds whose review stands so; where nobody asked for one, nobody approved either. */
function whereReviewed(query: SelectQueryBuilder<Deployment>, review: BuildStatusType[]): void {
  query.innerJoin(Build, 'build', 'build.accountId = deployment.accountId AND build.id = deployment.buildId');
  const conditions = [review.length > 0 ? 'build.statusType IN (:...review)' : '1 = 0'];
  if (review.includes(BuildStatusType.PENDING)) conditions.push('build.statusType IS NULL');
  query.andWhere(`(${conditions.join(' OR ')})`, { review });
}
