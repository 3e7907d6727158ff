// Writes apps and reads them. Whoever needs both an app and its task locks the app first.
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { containsText } from '../db/contains-text.js';
import { NEWEST_FIRST, readPage } from '../db/keyset.js';
import type { OffsetPage } from '../lib/offset.js';
import { keyShareLock, rowLock } from '../db/row-lock.js';
import { isUniqueViolation } from '../db/unique-violation.js';
import { recordChange } from '../events/catalog-log.js';
import type { Actor } from '../events/catalog-log.entity.js';
import { CatalogError, notFound } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import { withoutNulls } from '../lib/json.js';
import { parsePage } from '../lib/paging.js';
import type { Connection, PageArgs, PageRequest } from '../lib/paging.js';
import type { Transaction } from '../lib/transaction.js';
import { TaskType } from '../tasks/task.entity.js';
import type { TaskService } from '../tasks/task.service.js';
import { domainChange, parseDomains, settledDomains } from './app-domains.js';
import { countLabels, listAppsByOffset, restrictApps } from './app-lists.js';
import type { AppListing, LabelCount } from './app-lists.js';
import { checkApp, checkDocuments, checkName, checkSize } from './app.check.js';
import { App } from './app.entity.js';
import type { AppChanges, AppFilter, CreateAppInput } from './app.input.js';
import { differing, emptyApp, givenFields } from './app-fields.js';

/** What CCM's curated builds bring along for an app that there is not yet. */
export type CuratedApp = Pick<App, 'name' | 'groupId' | 'inputImageName' | 'outputImageName'>;

export class AppService {
  constructor(
    private readonly reader: EntityManager,
    private readonly tasks: TaskService,
  ) {}

  /**
   * Domains open a task, and are in force once it is approved. Throws BAD_USER_INPUT, and CONFLICT where the account
   * has an app of that name.
   */
  async create(tx: Transaction, principal: Principal, input: CreateAppInput): Promise<App> {
    const { accountId } = principal;
    checkName(input.name);
    checkApp(withoutNulls({ ...input }));
    const app = { ...newApp(accountId, input.name), ...givenFields(input) };
    if (await tx.manager.existsBy(App, { accountId, name: app.name })) throw nameTaken(app.name);
    const actor = actorOf(principal);
    Object.assign(app, await this.askForDomains(tx, app, input.allowedDomains, actor));
    try {
      await tx.manager.insert(App, app);
    } catch (error) {
      throw isUniqueViolation(error) ? nameTaken(app.name) : error;
    }
    recordChange(tx, { ...entryOf(app), kind: 'CREATED', actor, after: { ...app } });
    return app;
  }

  /** The app of that name, made where there is none; also where several ask at the same moment. */
  async getOrCreate(tx: Transaction, principal: Principal, wanted: CuratedApp): Promise<App> {
    const { accountId } = principal;
    const { name } = wanted;
    const known = await this.findBy(tx, { accountId, name });
    if (known) return known;
    checkName(name, 'appName');
    checkApp(wanted);
    const app: App = { ...newApp(accountId, name), ...wanted };
    await tx.manager.createQueryBuilder().insert().into(App).values(app).orIgnore().execute();
    const made = await this.get(tx, accountId, { name });
    if (made.id !== app.id) return made;
    recordChange(tx, { ...entryOf(app), kind: 'CREATED', actor: actorOf(principal), after: { ...app } });
    return made;
  }

  /**
   * Changes what is given. Domains that differ from the approved ones open a task. Throws NOT_FOUND, BAD_USER_INPUT,
   * and CONFLICT where a task about other domains waits.
   */
  async update(tx: Transaction, principal: Principal, id: string, changes: AppChanges): Promise<App> {
    checkApp(withoutNulls({ ...changes }));
    const before = await this.lock(tx, principal.accountId, id);
    const actor = actorOf(principal);
    const asked = { ...givenFields(changes), ...(await this.askForDomains(tx, before, changes.allowedDomains, actor)) };
    const changed = differing(before, asked);
    if (Object.keys(changed).length === 0) return before;
    checkDocuments({ ...before, ...changed });
    return write(tx, before, { ...changed, updatedAt: new Date() }, actor);
  }

  /** Ends the task about its domains. Its builds must have been told before (DeleteApp). Throws NOT_FOUND. */
  async delete(tx: Transaction, principal: Principal, id: string): Promise<void> {
    const app = await this.lock(tx, principal.accountId, id);
    const { accountId, pendingTaskId } = app;
    const actor = actorOf(principal);
    await tx.manager.delete(App, { accountId, id: app.id });
    if (pendingTaskId !== null) await this.tasks.close(tx, accountId, pendingTaskId, actor);
    recordChange(tx, { ...entryOf(app), kind: 'DELETED', actor, before: { ...app } });
  }

  /** What follows from the end of the task about an app's domains; the app was locked before. */
  async decideDomains(tx: Transaction, app: App, isApproved: boolean, actor: Actor): Promise<App> {
    const changes = { ...settledDomains(app, isApproved), updatedAt: new Date() };
    return write(tx, app, changes, actor, 'REVIEWED');
  }

  /**
   * The app inside a transaction, by id or by name, kept from being deleted until its end; throws NOT_FOUND.
   */
  async get(tx: Transaction, accountId: string, by: { id: string } | { name: string }): Promise<App> {
    const wanted = 'id' in by ? { id: by.id.toLowerCase() } : by;
    const app = await this.findBy(tx, { accountId, ...wanted });
    if (app) return app;
    const [[field, value]] = Object.entries(by) as [[string, string]];
    const member = field === 'id' ? 'appId' : 'appName';
    const details = { field: [member] };
    throw new CatalogError('NOT_FOUND', `There is no app with the ${field} ${JSON.stringify(value)}.`, details);
  }

  /** Like `get`, but null where there is none. */
  findBy(
    { manager }: Transaction,
    where: { accountId: string } & ({ id: string } | { name: string }),
  ): Promise<App | null> {
    return manager.findOne(App, { where, lock: keyShareLock(manager) });
  }

  /**
   * Makes an app what its vendor says of it, or makes it, under the vendor's id. False where another app has the name,
   * or the id is that of an app that is not known as imported. Throws BAD_USER_INPUT.
   */
  async upsertImported(
    tx: Transaction,
    accountId: string,
    { id, isKnown, ...told }: Partial<App> & { id: string; name: string; isKnown: boolean },
    actor: Actor,
  ): Promise<boolean> {
    checkName(told.name);
    checkSize(told);
    const before = await this.lockIfThere(tx, accountId, id);
    const [other] = await tx.manager.findBy(App, { accountId, name: told.name });
    if ((other && other.id !== id) || (before && !isKnown)) return false;
    if (before) {
      const changed = differing(before, told);
      if (Object.keys(changed).length > 0) await write(tx, before, { ...changed, updatedAt: new Date() }, actor);
      return true;
    }
    const app: App = { ...newApp(accountId, told.name), ...told, id };
    await tx.manager.insert(App, app);
    recordChange(tx, { ...entryOf(app), kind: 'CREATED', actor, after: { ...app } });
    return true;
  }

  /** Those of the ids that are apps of the account. */
  async present({ manager }: Transaction, accountId: string, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await manager.find(App, { select: { id: true }, where: { accountId, id: In([...ids]) } });
    return new Set(rows.map(({ id }) => id));
  }

  /** The app, its row locked until the end of the transaction; throws NOT_FOUND. */
  async lock(tx: Transaction, accountId: string, id: string): Promise<App> {
    const app = await this.lockIfThere(tx, accountId, id);
    if (!app) throw notFound('app', id);
    return app;
  }

  lockIfThere({ manager }: Transaction, accountId: string, id: string): Promise<App | null> {
    return manager.findOne(App, { where: { accountId, id: id.toLowerCase() }, lock: rowLock(manager) });
  }

  async byIds(accountId: string, ids: readonly string[]): Promise<App[]> {
    const rows = await selectRows(this.reader, App, 'app')
      .where({ accountId, id: In([...ids]) })
      .getRawMany<Row>();
    return rows.map((row) => fromRow(App, row));
  }

  /** Newest first. */
  list(accountId: string, args: PageArgs, { groupId, ...texts }: AppFilter): Promise<Connection<App>> {
    const query = selectRows(this.reader, App, 'app').where({ accountId });
    restrictApps(query, { ...texts, groupIds: groupId });
    const page = parsePage(args, NEWEST_FIRST.name);
    return readPage(query, NEWEST_FIRST, page, (row) => fromRow(App, row));
  }

  /** Apps whose name or description contains a text, whatever the case, newest first. */
  search(accountId: string, text: string, page: PageRequest): Promise<Connection<App>> {
    const query = selectRows(this.reader, App, 'app').where({ accountId });
    if (text) containsText(query, ['name', 'description'], text);
    return readPage(query, NEWEST_FIRST, page, (row) => fromRow(App, row));
  }

  listByOffset(accountId: string, listing: AppListing): Promise<OffsetPage<App>> {
    return listAppsByOffset(this.reader, accountId, listing);
  }

  /** Labels with how many apps have them, sorted by key and value; at most the first 10,000. */
  labelCounts(accountId: string): Promise<LabelCount[]> {
    return countLabels(this.reader, accountId);
  }

  private async askForDomains(
    tx: Transaction,
    app: App,
    texts: string[] | null | undefined,
    actor: Actor,
  ): Promise<Partial<App>> {
    const change = texts && domainChange(app, parseDomains(texts));
    if (!change) return {};
    if (change.domainsAdded.length + change.domainsRemoved.length === 0) return change;
    const { accountId, id } = app;
    const task = await this.tasks.open(tx, accountId, { type: TaskType.DOMAIN_WHITELIST, id }, actor);
    return { ...change, pendingTaskId: task.id };
  }
}

const entryOf = ({ accountId, id }: App) => ({ accountId, entityType: 'App', entityId: id });

async function write(
  tx: Transaction,
  before: App,
  changes: Partial<App>,
  actor: Actor,
  kind: 'UPDATED' | 'REVIEWED' = 'UPDATED',
): Promise<App> {
  const { accountId, id } = before;
  await tx.manager.update(App, { accountId, id }, changes);
  const after = { ...before, ...changes };
  recordChange(tx, { ...entryOf(before), kind, actor, before: { ...before }, after: { ...after } });
  return after;
}

function newApp(accountId: string, name: string): App {
  const now = new Date();
  return { ...emptyApp(), accountId, id: newId(), name, createdAt: now, updatedAt: now };
}

const nameTaken = (name: string) =>
  new CatalogError('CONFLICT', `There is an app named ${JSON.stringify(name)} already.`, { field: ['name'] });
