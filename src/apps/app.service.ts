import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { containsText } from '../db/contains-text.js';
import { readPage } from '../db/keyset.js';
import { isUniqueViolation } from '../db/unique-violation.js';
import { recordChange } from '../events/catalog-log.js';
import { CatalogError } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import { withoutNulls } from '../lib/json.js';
import { parsePage } from '../lib/paging.js';
import type { Connection, PageArgs } from '../lib/paging.js';
import type { Transaction } from '../lib/transaction.js';
import { App } from './app.entity.js';
import { checkApp } from './app.input.js';
import type { CreateAppInput } from './app.input.js';

export class AppService {
  constructor(private readonly reader: EntityManager) {}

  /** Throws BAD_USER_INPUT, and CONFLICT where the account has an app of that name. */
  async create(tx: Transaction, principal: Principal, input: CreateAppInput): Promise<App> {
    const given = withoutNulls({ ...input });
    checkApp(given);
    const { accountId } = principal;
    if (await tx.manager.existsBy(App, { accountId, name: given.name })) throw nameTaken(given.name);
    const now = new Date();
    const own = { accountId, id: newId(), createdAt: now, updatedAt: now };
    const app: App = { ...emptyApp(), ...given, ...own };
    try {
      await tx.manager.insert(App, app);
    } catch (error) {
      throw isUniqueViolation(error) ? nameTaken(given.name) : error;
    }
    const change = { entityType: 'App', entityId: app.id, actor: actorOf(principal), after: { ...app } };
    recordChange(tx, { accountId, kind: 'CREATED', ...change });
    return app;
  }

  /** The app inside a transaction, by id or by name; throws NOT_FOUND. */
  async get(tx: Transaction, accountId: string, by: { id: string } | { name: string }): Promise<App> {
    const wanted = 'id' in by ? { id: by.id.toLowerCase() } : by;
    const app = await tx.manager.findOneBy(App, { accountId, ...wanted });
    if (app) return app;
    const [[field, value]] = Object.entries(by) as [[string, string]];
    const member = field === 'id' ? 'appId' : 'appName';
    const details = { field: [member] };
    throw new CatalogError('NOT_FOUND', `There is no app with the ${field} ${JSON.stringify(value)}.`, details);
  }

  async byIds(accountId: string, ids: readonly string[]): Promise<App[]> {
    const rows = await selectRows(this.reader, App, 'app')
      .where({ accountId, id: In([...ids]) })
      .getRawMany<Row>();
    return rows.map((row) => fromRow(App, row));
  }

  /** Newest first; `text` is looked for in name and description, whatever the case. */
  list(accountId: string, args: PageArgs, text?: string | null): Promise<Connection<App>> {
    const order = { name: 'CREATED_AT DESC', column: 'createdAt', descending: true };
    const query = selectRows(this.reader, App, 'app').where({ accountId });
    if (text) containsText(query, ['name', 'description'], text);
    return readPage(query, order, parsePage(args, order.name), (row) => fromRow(App, row));
  }
}

const nameTaken = (name: string) =>
  new CatalogError('CONFLICT', `There is an app named ${JSON.stringify(name)} already.`, { field: ['name'] });

const emptyApp = () => ({
  description: null,
  inputImageName: '',
  outputImageName: '',
  isvprodid: 0,
  isvsvn: 0,
  memSizeMb: 0,
  threads: 0,
  defaultBuildSettings: {},
  allowedDomains: [],
  whitelistedDomains: [],
  domainsAdded: [],
  domainsRemoved: [],
  advancedSettings: null,
  labels: {},
  customMetadata: {},
  certificatePolicy: null,
  signers: [],
  pendingTaskId: null,
  marketplaceAppId: null,
  groupId: null,
});
