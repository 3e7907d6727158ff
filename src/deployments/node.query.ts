// Nodes as their reports make them known: there is no table of nodes, a node is what reported under one id.
import { In } from 'typeorm';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { containsText } from '../db/contains-text.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { ordersOf, readOffsetPage } from '../db/offset-page.js';
import type { OffsetPage, SortedSlice } from '../lib/offset.js';
import { notFound } from '../lib/errors.js';
import { Deployment, DeploymentState } from './deployment.entity.js';
import type { DeploymentQuery } from './deployment.query.js';

/** Of one node; those reported longest ago are left out. */
export const MAX_DEPLOYMENTS = 100;

export interface DeploymentNode {
  id: string;
  /** As it was reported last; empty where it never was. */
  name: string;
  /** First and last report on any build. */
  createdAt: Date;
  updatedAt: Date;
  attestedAt: Date | null;
  /** Whether any build runs on it, by its own word, and when it last said something else of one. */
  isRunning: boolean;
  statusUpdatedAt: Date;
  /** The 100 reported last, the last one first. */
  deployments: [Deployment, ...Deployment[]];
}

type NodeFacts = Pick<DeploymentNode, 'createdAt' | 'updatedAt' | 'attestedAt' | 'isRunning' | 'statusUpdatedAt'>;

const ORDERS = {
  NAME: 'latest.nodeName',
  CREATED_AT: `(${ofNode('MIN("first"."createdAt")', 'first')})`,
};

/** A value taken from all rows of the node that `latest` is a row of. */
function ofNode(value: string, alias: string): string {
  const same = ['accountId', 'nodeId'].map((column) => `"${alias}"."${column}" = "latest"."${column}"`).join(' AND ');
  return `SELECT ${value} FROM "deployment" "${alias}" WHERE ${same}`;
}

export interface NodeSlice extends SortedSlice<keyof typeof ORDERS> {
  /** Contained in the node's name or id. */
  text?: string;
  /** Contained in the node's name. */
  name?: string;
  ids?: string[];
  isRunning?: boolean;
}

export class NodeQuery {
  constructor(
    private readonly reader: EntityManager,
    private readonly deployments: DeploymentQuery,
  ) {}

  /** Throws NOT_FOUND. */
  async get(accountId: string, id: string): Promise<DeploymentNode> {
    const [node] = await this.byIds(accountId, [id.toLowerCase()]);
    if (!node) throw notFound('node', id);
    return node;
  }

  async listByOffset(accountId: string, slice: NodeSlice): Promise<OffsetPage<DeploymentNode>> {
    const { text, name, ids: wanted, isRunning, sort, limit, offset } = slice;
    const query = this.latest(accountId);
    if (text) containsText(query, ['nodeName', 'nodeId'], text);
    if (name) containsText(query, ['nodeName'], name, { field: ['filter', 'name'] });
    if (wanted) query.andWhere({ nodeId: In(wanted) });
    if (isRunning !== undefined) {
      const running = `${ofNode('1', 'running')} AND "running"."status" = '${DeploymentState.RUNNING}'`;
      query.andWhere(`${isRunning ? '' : 'NOT '}EXISTS (${running})`);
    }
    const request = { orders: ordersOf(sort, ORDERS), limit, offset };
    const page = await readOffsetPage(query, request, (row) => fromRow(Deployment, row), this.latest(accountId));
    const ids = page.items.map(({ nodeId }) => nodeId);
    return { ...page, items: await this.byIds(accountId, ids) };
  }

  async count(accountId: string): Promise<number> {
    return this.latest(accountId).getCount();
  }

  /** In the order of the ids; unknown ones are left out. */
  async byIds(accountId: string, ids: readonly string[]): Promise<DeploymentNode[]> {
    const lists = await this.deployments.listOfEachNode(accountId, ids, MAX_DEPLOYMENTS);
    const facts = await this.factsOf(accountId, ids);
    return lists.flatMap(([last, ...rest]) => {
      // A build may go between the two statements.
      const known = last && facts.get(last.nodeId);
      return known ? { id: last.nodeId, name: last.nodeName, ...known, deployments: [last, ...rest] } : [];
    });
  }

  /** What all deployments of each node tell, however many there are. */
  private async factsOf(accountId: string, ids: readonly string[]): Promise<Map<string, NodeFacts>> {
    const rows = await this.reader
      .createQueryBuilder(Deployment, 'each')
      .select('each.nodeId', 'nodeId')
      .addSelect('MIN(each.createdAt)', 'createdAt')
      .addSelect('MAX(each.updatedAt)', 'updatedAt')
      .addSelect('MAX(each.attestedAt)', 'attestedAt')
      .addSelect('MAX(each.statusUpdatedAt)', 'statusUpdatedAt')
      .addSelect(`MAX(CASE WHEN each.status = '${DeploymentState.RUNNING}' THEN 1 ELSE 0 END)`, 'isRunning')
      .where({ accountId, nodeId: In([...ids]) })
      .groupBy('each.nodeId')
      .getRawMany<Row>();
    return new Map(rows.map((row) => [row.nodeId as string, toFacts(row)]));
  }

  /** Of each node the row that was reported last: it says what the node is called by now. */
  private latest(accountId: string): SelectQueryBuilder<Deployment> {
    const newer = this.reader
      .createQueryBuilder(Deployment, 'newer')
      .select('1')
      .where('newer.accountId = latest.accountId AND newer.nodeId = latest.nodeId')
      .andWhere(
        '(newer.updatedAt > latest.updatedAt OR (newer.updatedAt = latest.updatedAt AND newer.id > latest.id))',
      );
    return selectRows(this.reader, Deployment, 'latest')
      .where({ accountId })
      .andWhere(`NOT EXISTS (${newer.getQuery()})`);
  }
}

const toFacts = (row: Row): NodeFacts => ({
  createdAt: toTime(row.createdAt),
  updatedAt: toTime(row.updatedAt),
  attestedAt: row.attestedAt === null ? null : toTime(row.attestedAt),
  isRunning: Number(row.isRunning) === 1,
  statusUpdatedAt: toTime(row.statusUpdatedAt),
});

const toTime = (value: unknown): Date => new Date(Number(value));
