// Makes the sources of SOURCES_FILE what the file says, at every start.
import { Account } from '../auth/account.entity.js';
import type { OriginKind } from '../builds/origin.entity.js';
import { CatalogError } from '../lib/errors.js';
import { isHexId } from '../lib/ids.js';
import type { Transaction } from '../lib/transaction.js';
import { Source } from './source.entity.js';
import type { SourceSettings } from './source.input.js';
import type { SourceOwner, SourceService } from './source.service.js';

export interface SourceOfFile extends SourceSettings {
  /** Where in the file. */
  place: string;
  /** Id or hub id; the first account where undefined. */
  account?: string;
  kind: string;
}

/** Nothing is read from it or written to it by itself any more. */
const DROPPED = { isFromFile: false, isWriteBack: false, syncEverySeconds: null, nextSyncAt: null };
const ACTOR = { type: 'SYSTEM', id: null, name: 'SOURCES_FILE' } as const;

/**
 * Those that the file has no more stay, with their builds: by hand only, told of no decision, and changeable. Throws an error that names
 * the place in the file.
 */
export async function applyConfigured(
  tx: Transaction,
  sources: SourceService,
  configured: readonly SourceOfFile[],
): Promise<void> {
  const kept = new Set<string>();
  for (const one of configured) {
    try {
      kept.add(await apply(tx, sources, one));
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error;
      throw new Error(`SOURCES_FILE: ${[one.place, ...(error.field ?? [])].join('.')}: ${error.message}`);
    }
  }
  for (const { accountId, id } of await tx.manager.findBy(Source, { isFromFile: true })) {
    if (!kept.has(id)) await sources.note(tx, { accountId, id }, DROPPED);
  }
}

async function apply(tx: Transaction, sources: SourceService, one: SourceOfFile): Promise<string> {
  const { place, account, kind, ...settings } = one;
  const accountId = await accountOf(tx, account, place);
  const owner: SourceOwner = { accountId, actor: ACTOR, isFile: true };
  const known = await tx.manager.findOneBy(Source, { accountId, name: settings.name });
  const whole = {
    ...settings,
    syncEverySeconds: settings.syncEverySeconds ?? null,
    isWriteBack: settings.isWriteBack ?? false,
  };
  if (!known) return (await sources.create(tx, owner, { ...whole, kind: kind as OriginKind })).id;
  if (known.kind !== kind)
    throw new Error(`SOURCES_FILE: ${place}.kind: the source of that name is of the kind ${known.kind}`);
  await sources.configure(tx, owner, known, whole);
  return known.id;
}

async function accountOf({ manager }: Transaction, account: string | undefined, place: string): Promise<string> {
  const where = account === undefined ? {} : isHexId(account) ? { hubId: account } : { id: account.toLowerCase() };
  const [found] = await manager.find(Account, { where, order: { createdAt: 'ASC', id: 'ASC' }, take: 1 });
  if (!found) throw new Error(`SOURCES_FILE: ${place}.account: there is no account of that id`);
  return found.id;
}
