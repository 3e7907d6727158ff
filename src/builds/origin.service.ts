// Writes where builds came from, and the builds themselves as what their vendor says of them. One entry for every
// dialect: what was imported from a source, and what was made through the vendor's paths here.
import { createHash } from 'node:crypto';
import { In, IsNull, Not } from 'typeorm';
import { rowLock } from '../db/row-lock.js';
import { isUniqueViolation } from '../db/unique-violation.js';
import type { Actor } from '../events/catalog-log.entity.js';
import { badInput, CatalogError } from '../lib/errors.js';
import { canonicalJson, isDeeperThan } from '../lib/json.js';
import type { Transaction } from '../lib/transaction.js';
import { storable } from './build-draft.js';
import type { BuildService, ToldBuild } from './build.service.js';
import type { OriginKind, VendorDocument } from './origin.entity.js';
import { Origin } from './origin.entity.js';

/** Lists read many of them at once. */
const MAX_DOCUMENT_BYTES = 512 * 1024;
/** Deeper ones could be kept, and not be written again. */
const MAX_DEPTH = 64;
const MAX_WORD = 255;

/** What identifies an origin within an account. */
export interface OriginKey {
  kind: OriginKind;
  /** Id of a source, or SERVED. */
  sourceKey: string;
  externalId: string;
}

/**
 * One build as a vendor tells it: what a dialect makes of the vendor's document. `build` is what the catalog shows of it;
 * `review` is taken over at the first import only.
 */
export interface OriginDraft extends OriginKey, ToldBuild {
  groupKey?: string;
  state: string;
  document: VendorDocument;
  /** Members of it that say nothing of the build and are others whenever it is read, such as the id of the request. */
  passing?: string[];
  related?: VendorDocument;
  /** See Origin.listHash. */
  listHash?: string;
  externalCreatedAt?: Date;
}

export type OriginChange = 'CREATED' | 'UPDATED' | 'UNCHANGED';

export class OriginService {
  constructor(private readonly builds: BuildService) {}

  /**
   * Makes the build what its vendor says of it, or makes it. A build that was gone is back. Throws BAD_USER_INPUT
   * where the document is larger than 512 KiB or deeper than 64 levels, or the vendor's id longer than 255 characters,
   * and CONFLICT where another transaction makes it at the same moment.
   * @param seenIn id of the job that imports it
   */
  async upsert(
    tx: Transaction,
    accountId: string,
    draft: OriginDraft,
    { actor, seenIn = '' }: { actor: Actor; seenIn?: string },
  ): Promise<{ id: string; change: OriginChange }> {
    checkDraft(draft);
    const before = await this.find(tx, accountId, draft);
    const row = rowOf(draft, before, seenIn);
    if (!before) {
      const build = await this.builds.registerFrom(tx, accountId, draft, actor);
      await insertOrigin(tx, { ...row, accountId, id: build.id });
      return { id: build.id, change: 'CREATED' };
    }
    const { id } = before;
    await tx.manager.update(Origin, { accountId, id }, row as never);
    const isSame = before.contentHash === row.contentHash && before.goneAt === null;
    if (isSame) return { id, change: 'UNCHANGED' };
    await this.builds.updateFrom(tx, accountId, id, draft.build, actor);
    return { id, change: 'UPDATED' };
  }

  /** Its row locked until the end; null where there is none. */
  find({ manager }: Transaction, accountId: string, key: OriginKey): Promise<Origin | null> {
    const { kind, sourceKey, externalId } = key;
    return manager.findOne(Origin, { where: { accountId, kind, sourceKey, externalId }, lock: rowLock(manager) });
  }

  /** Whether the account has one by that id of the vendor's, from whichever source. */
  has(
    { manager }: Transaction,
    accountId: string,
    { kind, externalId }: Omit<OriginKey, 'sourceKey'>,
  ): Promise<boolean> {
    return manager.existsBy(Origin, { accountId, kind, externalId });
  }

  /** Notes of origins whose list entry is as it was that a run saw them. */
  async markSeen(tx: Transaction, accountId: string, ids: readonly string[], seenIn: string): Promise<void> {
    if (ids.length === 0) return;
    await tx.manager.update(Origin, { accountId, id: In([...ids]) }, { seenIn, fetchedAt: new Date() });
  }

  /** Notes of up to `limit` origins of a source that a whole run did not see that they are gone; how many they were. */
  async markGone(
    tx: Transaction,
    accountId: string,
    { kind, sourceKey, seenIn, limit }: { kind: OriginKind; sourceKey: string; seenIn: string; limit: number },
    actor: Actor,
  ): Promise<number> {
    const where = { accountId, kind, sourceKey, seenIn: Not(seenIn), goneAt: IsNull() };
    const rows = await tx.manager.find(Origin, { select: { id: true }, where, order: { id: 'ASC' }, take: limit });
    const goneAt = new Date();
    for (const { id } of rows) {
      await tx.manager.update(Origin, { accountId, id }, { goneAt });
      await this.builds.touch(tx, accountId, id, { origin: { isGone: true } }, actor);
    }
    return rows.length;
  }
}

async function insertOrigin({ manager }: Transaction, origin: Origin): Promise<void> {
  try {
    await manager.insert(Origin, origin as never);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new CatalogError('CONFLICT', `${origin.externalId} is being registered by another request: try again.`);
  }
}

/** Equal ones of equal documents: see Origin.contentHash. */
export const contentHashOf = ({
  document,
  related = {},
  passing,
}: Pick<OriginDraft, 'document' | 'related' | 'passing'>): string =>
  hashOf([withoutMembers(document, passing), related]);

/** sha256 of a document, whatever the order of its members. */
export const hashOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

const withoutMembers = (document: VendorDocument, names: string[] = []): VendorDocument =>
  Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name)));

function checkDraft({ document, related, externalId, groupKey = '' }: OriginDraft): void {
  if (isDeeperThan([document, related], MAX_DEPTH))
    throw badInput(`The document of a build is nested at most ${MAX_DEPTH} levels.`, 'document');
  if (Buffer.byteLength(JSON.stringify([document, related])) > MAX_DOCUMENT_BYTES)
    throw badInput(`The document of a build has at most ${MAX_DOCUMENT_BYTES} bytes.`, 'document');
  if (externalId === '' || externalId.length > MAX_WORD || groupKey.length > MAX_WORD)
    throw badInput(`The vendor's id of a build has 1 to ${MAX_WORD} characters.`, 'document');
  if (storable(externalId) !== externalId) throw badInput("The vendor's id of a build is no text.", 'document');
}

function rowOf(draft: OriginDraft, before: Origin | null, seenIn: string): Omit<Origin, 'accountId' | 'id'> {
  const { kind, sourceKey, externalId, groupKey = '', document, related = {}, listHash = '' } = draft;
  const fetchedAt = new Date();
  return {
    ...{ kind, sourceKey, externalId, groupKey: storable(groupKey), document, related, listHash, fetchedAt, seenIn },
    state: storable(draft.state.slice(0, MAX_WORD)),
    contentHash: contentHashOf(draft),
    externalCreatedAt: draft.externalCreatedAt ?? before?.externalCreatedAt ?? fetchedAt,
    goneAt: null,
  };
}
