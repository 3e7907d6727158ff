// Keeps sources. Credentials are sealed, bound to their row and server, and leave this process towards it only.
import { In, LessThanOrEqual } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { OriginKind } from '../builds/origin.entity.js';
import { storedTime } from '../db/columns.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { rowLock } from '../db/row-lock.js';
import { sealAnew } from '../db/seal-anew.js';
import type { SealedAnew } from '../db/seal-anew.js';
import { isUniqueViolation } from '../db/unique-violation.js';
import type { Actor, CatalogChangeKind } from '../events/catalog-log.entity.js';
import { recordChange } from '../events/catalog-log.js';
import { badInput, CatalogError, invalidState, notFound } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import { canonicalJson, withoutNulls } from '../lib/json.js';
import type { Seal } from '../lib/seal.js';
import type { Transaction } from '../lib/transaction.js';
import type { SourceConnector } from './source-connector.js';
import { findCredentials, sealCredentials, unreadableCredentials } from './source-credentials.js';
import type { SourceCredentials } from './source-credentials.js';
import { Source } from './source.entity.js';
import { checkSource } from './source.input.js';
import type { SourceSettings } from './source.input.js';

const MAX_OF_ACCOUNT = 200;

/** Who changes sources: people, or the gateway itself by SOURCES_FILE. */
export interface SourceOwner {
  accountId: string;
  actor: Actor;
  isFile?: boolean;
}

export class SourceService {
  constructor(
    private readonly reader: EntityManager,
    private readonly seal: Seal,
    private readonly connectors: ReadonlyMap<OriginKind, SourceConnector>,
  ) {}

  /** Throws BAD_USER_INPUT, and CONFLICT where the account has a source of that name. */
  async create(
    tx: Transaction,
    owner: SourceOwner,
    { kind, ...settings }: SourceSettings & { kind: OriginKind },
  ): Promise<Source> {
    const { accountId, isFile = false } = owner;
    if (await tx.manager.existsBy(Source, { accountId, name: settings.name })) throw nameTaken(settings.name);
    if ((await tx.manager.countBy(Source, { accountId })) >= MAX_OF_ACCOUNT)
      throw new CatalogError('CONFLICT', `An account has at most ${MAX_OF_ACCOUNT} sources.`);
    const row = this.withSettings({ ...emptySource(), accountId, id: newId(), kind, isFromFile: isFile }, settings);
    await tx.manager.insert(Source, row as never).catch((error: unknown) => {
      throw isUniqueViolation(error) ? nameTaken(row.name) : error;
    });
    record(tx, owner, 'CREATED', { after: row });
    return row;
  }

  /** What is undefined stays. Throws NOT_FOUND, BAD_USER_INPUT, and CONFLICT where SOURCES_FILE has it. */
  async update(tx: Transaction, owner: SourceOwner, id: string, settings: Partial<SourceSettings>): Promise<Source> {
    const before = await this.lockOwn(tx, owner, id, 'changed');
    const { name } = settings;
    if (typeof name === 'string' && name !== before.name) {
      if (await tx.manager.existsBy(Source, { accountId: owner.accountId, name })) throw nameTaken(name);
    }
    const after = this.withSettings({ ...before, isFromFile: owner.isFile ?? false }, settings);
    const isSame = canonicalJson({ ...after, updatedAt: 0 }) === canonicalJson({ ...before, updatedAt: 0 });
    if (isSame) return before;
    await tx.manager.update(Source, keyOf(before), after as never);
    record(tx, owner, 'UPDATED', { before, after });
    return after;
  }

  /** The same for one of SOURCES_FILE: what it leaves out is as if it were new, and what is as before changes nothing. */
  async configure(tx: Transaction, owner: SourceOwner, before: Source, settings: SourceSettings): Promise<void> {
    const { endpoint, region = null, credentials } = settings;
    const known = findCredentials(this.seal, before);
    const isSame = known !== undefined && canonicalJson(known) === canonicalJson(withoutNulls({ ...credentials }));
    const target = endpoint ?? this.connectorOf(before).defaultEndpoint(region);
    const isElsewhere = new URL(target).origin !== new URL(before.endpoint).origin;
    const { syncEverySeconds } = settings;
    await this.update(tx, owner, before.id, {
      ...{ ...settings, region, endpoint: target },
      credentials: isSame && !isElsewhere ? undefined : credentials,
      syncEverySeconds: syncEverySeconds === before.syncEverySeconds ? undefined : syncEverySeconds,
    });
  }

  /** Its builds stay, and are the account's own from then on. Throws NOT_FOUND, and CONFLICT where SOURCES_FILE has it. */
  async delete(tx: Transaction, owner: SourceOwner, id: string): Promise<Source> {
    const before = await this.lockOwn(tx, owner, id, 'deleted');
    await tx.manager.delete(Source, keyOf(before));
    record(tx, owner, 'DELETED', { before });
    return before;
  }

  /** Writes how an import goes, which is no change of the catalog. */
  async note(tx: Transaction, source: Pick<Source, 'accountId' | 'id'>, changes: Partial<Source>): Promise<void> {
    await tx.manager.update(Source, keyOf(source), changes as never);
  }

  /** Its row locked until the end; null where there is none. */
  async find({ manager }: Transaction, accountId: string, id: string): Promise<Source | null> {
    const row = await manager.findOne(Source, { where: { accountId, id: id.toLowerCase() }, lock: rowLock(manager) });
    return row && { ...row };
  }

  /** Throws NOT_FOUND. */
  async get(tx: Transaction, accountId: string, id: string): Promise<Source> {
    const row = await this.find(tx, accountId, id);
    if (!row) throw notFound('source', id);
    return row;
  }

  byIds(accountId: string, ids: readonly string[]): Promise<Source[]> {
    return this.read({ accountId, id: In([...ids]) });
  }

  /** All of an account, at most 200, by name. */
  async list(accountId: string): Promise<Source[]> {
    return (await this.read({ accountId })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Those of all accounts whose next import is due. */
  due(now: Date): Promise<Source[]> {
    return this.read({ nextSyncAt: LessThanOrEqual(storedTime(now)) });
  }

  /** Throws JobFailure where they were sealed by a key that is not configured any more. */
  credentialsOf(source: Source): SourceCredentials {
    const credentials = findCredentials(this.seal, source);
    if (!credentials) throw unreadableCredentials(source);
    return credentials;
  }

  /** Seals all credentials with the present key, after which a former key is not needed any more. */
  sealAnew({ manager }: Transaction): Promise<SealedAnew> {
    return sealAnew(manager, Source, (row) => {
      const credentials = findCredentials(this.seal, row);
      return credentials && { sealedCredentials: sealCredentials(this.seal, row, credentials) };
    });
  }

  connectorOf({ kind }: Pick<Source, 'kind'>): SourceConnector {
    const connector = this.connectors.get(kind);
    if (!connector) throw new Error(`There is no connector for ${kind}`);
    return connector;
  }

  private async lockOwn(tx: Transaction, owner: SourceOwner, id: string, what: string): Promise<Source> {
    const row = await this.get(tx, owner.accountId, id);
    if (row.isFromFile && !owner.isFile)
      throw invalidState(`The source stands in SOURCES_FILE: it is ${what} there.`, 'sourceId');
    return row;
  }

  private withSettings(before: Source, settings: Partial<SourceSettings>): Source {
    checkSource(settings);
    const { name, endpoint, region, credentials, syncEverySeconds, isWriteBack } = settings;
    const now = new Date();
    const after = {
      ...before,
      updatedAt: now,
      name: name ?? before.name,
      isWriteBack: isWriteBack ?? before.isWriteBack,
    };
    if (region !== undefined) after.region = region;
    const connector = this.connectorOf(before);
    if (typeof endpoint === 'string') after.endpoint = endpoint.replace(/\/+$/, '');
    else if (before.endpoint === '') after.endpoint = connector.defaultEndpoint(after.region);
    if (after.isWriteBack && !connector.reviews) throw badInput('Only CCM takes decisions.', 'isWriteBack');
    if (syncEverySeconds !== undefined) {
      after.syncEverySeconds = syncEverySeconds;
      after.nextSyncAt = syncEverySeconds === null ? null : now;
    }
    if (credentials) {
      const given = withoutNulls({ ...credentials }) as SourceCredentials;
      connector.checkAccess({ region: after.region, credentials: given });
      after.sealedCredentials = sealCredentials(this.seal, after, given);
    } else if (new URL(after.endpoint).origin !== new URL(before.endpoint).origin)
      throw badInput('`credentials` must be given again for another server.', 'credentials');
    // Another server, or another account there: nothing is known of it.
    if (after.endpoint !== before.endpoint || after.region !== before.region || credentials)
      Object.assign(after, { watermark: null, goneHeldSince: null });
    return after;
  }

  private async read(where: object): Promise<Source[]> {
    const rows = await selectRows(this.reader, Source, 'source').where(where).getRawMany<Row>();
    return rows.map((row) => fromRow(Source, row));
  }
}

const keyOf = ({ accountId, id }: Pick<Source, 'accountId' | 'id'>) => ({ accountId, id });

const nameTaken = (name: string) =>
  new CatalogError('CONFLICT', `There is a source named ${JSON.stringify(name)} already.`, { field: ['name'] });

const emptySource = () => {
  const nothing = {
    lastSyncedAt: null,
    nextSyncAt: null,
    failure: null,
    watermark: null,
    goneHeldSince: null,
    region: null,
  };
  const now = new Date();
  return {
    ...nothing,
    ...{ name: '', endpoint: '', sealedCredentials: '', syncEverySeconds: null, isWriteBack: false },
    ...{ status: 'NEVER' as const, failures: 0, createdAt: now, updatedAt: now },
  };
};

function record(
  tx: Transaction,
  { accountId, actor }: SourceOwner,
  kind: CatalogChangeKind,
  { before, after }: { before?: Source; after?: Source },
): void {
  const { id: entityId } = (after ?? before)!;
  const isNew = before && after && before.sealedCredentials !== after.sealedCredentials;
  const shown = { before: before && logged(before), after: after && { ...logged(after), ...(isNew && NEW) } };
  recordChange(tx, { accountId, kind, entityType: 'Source', entityId, actor, ...shown });
}

/** All that is to be known of new credentials. */
const NEW = { hasNewCredentials: true };

function logged({ sealedCredentials: _sealed, watermark: _watermark, ...rest }: Source): object {
  return rest;
}
