// Reads builds: the only place that turns rows into builds.
import { In } from 'typeorm';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { containsText } from '../db/contains-text.js';
import { firstOfEach } from '../db/first-of-each.js';
import { fromRow, selectRows } from '../db/from-row.js';
import { inGroups } from '../db/in-groups.js';
import type { Row } from '../db/from-row.js';
import { NEWEST_FIRST, readPage } from '../db/keyset.js';
import type { KeysetOrder } from '../db/keyset.js';
import { ordersOf, readOffsetPage } from '../db/offset-page.js';
import type { OffsetPage } from '../lib/offset.js';
import type { OwnNames } from '../lib/own-names.js';
import { parsePage } from '../lib/paging.js';
import type { Connection, PageArgs, PageRequest } from '../lib/paging.js';
import { allowing, foundBy, restrictListing, SORT_EXPRESSIONS } from './build-lists.js';
import type { BuildListing } from './build-lists.js';
import { BUILD_DOCUMENTS as documents } from './build.check.js';
import { Build } from './build.entity.js';
import { BuildOrderField, OrderDirection } from './build.input.js';
import type { BuildFilter, BuildOrder } from './build.input.js';
import type { Platform } from './image-attributes.js';
import { Measurement } from './measurements.js';
import { originFoundBy, restrictOrigins } from './origin-filter.js';

const ORDER_COLUMNS = {
  [BuildOrderField.CREATED_AT]: 'createdAt',
  [BuildOrderField.UPDATED_AT]: 'updatedAt',
  [BuildOrderField.NAME]: 'sortName',
};

/** What an attestation shows; platform and name narrow it down. */
export interface MeasurementQuery {
  value: string;
  platform?: Platform | null;
  name?: string | null;
}

export class BuildQuery {
  constructor(
    private readonly reader: EntityManager,
    private readonly names: OwnNames,
  ) {}

  async byIds(accountId: string, ids: readonly string[]): Promise<Build[]> {
    const rows = await selectRows(this.reader, Build, 'build')
      .where({ accountId, id: In([...ids]) })
      .getRawMany<Row>();
    return rows.map(this.read);
  }

  list(
    accountId: string,
    page: PageArgs,
    filter: BuildFilter,
    orderBy?: BuildOrder | null,
  ): Promise<Connection<Build>> {
    const query = selectRows(this.reader, Build, 'build').where({ accountId });
    this.restrict(query, accountId, filter);
    const order = keysetOrder(orderBy ?? { field: BuildOrderField.CREATED_AT, direction: OrderDirection.DESC });
    return readPage(query, order, parsePage(page, order.name), this.read);
  }

  /** Builds that carry the measurement, newest first. */
  listByMeasurement(accountId: string, wanted: MeasurementQuery, page: PageArgs): Promise<Connection<Build>> {
    const query = selectRows(this.reader, Build, 'build').where({ accountId });
    const conditions = ['m.value = :value'];
    if (wanted.platform) conditions.push('m.platform = :platform');
    if (wanted.name) conditions.push('m.name = :name');
    const { platform, name } = wanted;
    whereMeasured(query, accountId, conditions, { value: wanted.value.trim().toLowerCase(), platform, name });
    const order = keysetOrder({ field: BuildOrderField.CREATED_AT, direction: OrderDirection.DESC });
    return readPage(query, order, parsePage(page, order.name), this.read);
  }

  async listByOffset(accountId: string, listing: BuildListing): Promise<OffsetPage<Build>> {
    const all = selectRows(this.reader, Build, 'build').where({ accountId });
    const query = all.clone().setParameters({ accountId, ownHost: this.names.host });
    restrictListing(query, listing, this.names);
    const { sort, limit, offset } = listing;
    const request = { orders: ordersOf(sort, SORT_EXPRESSIONS), limit, offset, documents };
    return readOffsetPage(query, request, this.read, all);
  }

  /** At most `first` of each of several apps, newest first, in a constant number of statements. */
  async listOfEachApp(accountId: string, appIds: readonly string[], first: number): Promise<Build[][]> {
    const query = selectRows(this.reader, Build, 'build').where({ accountId, appId: In([...appIds]) });
    const grouping = { column: 'appId', order: 'build.createdAt DESC, build.id DESC', documents };
    const rows = await firstOfEach(query, grouping, appIds, first);
    return rows.map((ofApp) => ofApp.map(this.read));
  }

  /** Builds that a text is found in, newest first. */
  search(accountId: string, text: string, page: PageRequest): Promise<Connection<Build>> {
    const query = selectRows(this.reader, Build, 'build').where({ accountId });
    query.setParameters({ accountId, ownHost: this.names.host });
    const byId = originFoundBy(query, text);
    query.andWhere(`(${foundBy(query, text, this.names)}${byId ? ` OR ${byId}` : ''})`);
    return readPage(query, NEWEST_FIRST, page, this.read);
  }

  /** A build with the name of its docker image as it is to be shown. */
  shown(build: Build): Build {
    const { dockerInfo } = build;
    if (!dockerInfo) return build;
    return { ...build, dockerInfo: { ...dockerInfo, dockerImageName: this.names.toShown(dockerInfo.dockerImageName) } };
  }

  private restrict(query: SelectQueryBuilder<Build>, accountId: string, filter: BuildFilter): void {
    const { appId, status, deploymentStatus, platform, dockerImageName, configId, groupId, text } = filter;
    if (appId) query.andWhere({ appId: appId.toLowerCase() });
    if (status) query.andWhere({ statusType: In(status) });
    if (deploymentStatus) query.andWhere({ deploymentStatusType: deploymentStatus });
    if (dockerImageName)
      query.andWhere({ dockerImageName: In([dockerImageName, this.names.toStored(dockerImageName)]) });
    if (platform?.length === 0) query.andWhere('1 = 0');
    else if (platform) whereMeasured(query, accountId, ['m.platform IN (:...platforms)'], { platforms: platform });
    if (configId) query.andWhere(allowing(query), { accountId, configId });
    if (groupId) inGroups(query, groupId);
    restrictOrigins(query, filter);
    if (text) containsText(query, ['sortName', 'appName', 'dockerImageName'], text);
  }

  private readonly read = (row: Row): Build => {
    return this.shown(fromRow(Build, row));
  };
}

const keysetOrder = ({ field, direction }: BuildOrder): KeysetOrder => ({
  name: `${field} ${direction}`,
  column: ORDER_COLUMNS[field],
  descending: direction === OrderDirection.DESC,
});

/** Keeps the builds that have a measurement `m` for which all conditions hold. */
function whereMeasured(
  query: SelectQueryBuilder<Build>,
  accountId: string,
  conditions: string[],
  parameters: object,
): void {
  const measured = query
    .subQuery()
    .select('m.buildId')
    .from(Measurement, 'm')
    .where(['m.accountId = :measuredIn', ...conditions].join(' AND '));
  query.andWhere(`build.id IN ${measured.getQuery()}`).setParameters({ ...parameters, measuredIn: accountId });
}
