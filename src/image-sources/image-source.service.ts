// Writes image sources. Secrets of an origin are sealed, bound to their row, and leave this process towards its
// registry only.
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import { rowLock } from '../db/row-lock.js';
import { sealAnew } from '../db/seal-anew.js';
import type { SealedAnew } from '../db/seal-anew.js';
import type { Actor, CatalogChangeKind } from '../events/catalog-log.entity.js';
import { recordChange } from '../events/catalog-log.js';
import { badInput, CatalogError, notFound } from '../lib/errors.js';
import { newHexId } from '../lib/ids.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { withoutUndefined } from '../lib/json.js';
import type { Seal } from '../lib/seal.js';
import type { Transaction } from '../lib/transaction.js';
import { checkIdentifier, identifierOf } from './identifier.js';
import { ImageSource } from './image-source.entity.js';
import type { ImageSourceState } from './image-source.entity.js';
import type { ImageOrigin } from './image-origin.js';
import { checkOrigin } from './origin-check.js';
import { findSecrets, sealSecrets, withoutSecrets } from './origin-secrets.js';
import type { OriginSecrets } from './origin-secrets.js';

const MAX_OF_ACCOUNT = 10_000;
/** Of what is kept as it came, beside the origin. */
const MAX_KEPT_BYTES = 16 * 1024;

export interface NewImageSource {
  name?: string;
  identifier?: string;
  type: string;
  origin: ImageOrigin;
  about?: string | null;
  builder?: { integration_id?: string | null } | null;
  acl?: object | null;
}

/** What is left out stays; an identifier of null is made of the name again. */
export type ImageSourceChanges = Partial<Omit<NewImageSource, 'identifier' | 'type'>> & { identifier?: string | null };

export class ImageSourceService {
  constructor(private readonly seal: Seal) {}

  /** Throws BAD_USER_INPUT, and CONFLICT where the account has 10,000. */
  async create(tx: Transaction, principal: Principal, given: NewImageSource): Promise<ImageSource> {
    checkOrigin(given.origin);
    checkKept(given);
    const { accountId } = principal;
    if ((await tx.manager.countBy(ImageSource, { accountId })) >= MAX_OF_ACCOUNT)
      throw new CatalogError('CONFLICT', `An account keeps at most ${MAX_OF_ACCOUNT} image sources.`);
    const [id, now] = [newHexId(), new Date()];
    const { origin, secrets } = withoutSecrets(given.origin);
    const name = given.name || nameOf(origin);
    const row: ImageSource = {
      ...{ accountId, id, name, origin, type: given.type, state: 'live', stateChangedAt: now },
      identifier: given.identifier ? checkIdentifier(given.identifier) : identifierOf(name),
      sealedSecrets: sealSecrets(this.seal, { accountId, id }, secrets),
      ...{ about: given.about ?? null, builder: given.builder ?? null, acl: given.acl ?? null },
      ...{ creator: actorOf(principal), createdAt: now, updatedAt: now },
    };
    await tx.manager.insert(ImageSource, row);
    record(tx, 'CREATED', actorOf(principal), { after: row });
    return row;
  }

  /** Throws BAD_USER_INPUT and NOT_FOUND. */
  async update(tx: Transaction, principal: Principal, id: string, changes: ImageSourceChanges): Promise<ImageSource> {
    checkKept(changes);
    const before = await this.get(tx, principal.accountId, id);
    const { name = before.name, identifier, origin, about, builder, acl } = changes;
    const after: ImageSource = {
      ...before,
      ...{ name, updatedAt: new Date() },
      ...(identifier !== undefined && { identifier: identifier ? checkIdentifier(identifier) : identifierOf(name) }),
      ...(origin && this.changedOrigin(before, origin)),
      ...withoutUndefined({ about, builder, acl }),
    };
    await tx.manager.update(ImageSource, keyOf(before), after);
    record(tx, 'UPDATED', actorOf(principal), { before, after });
    return after;
  }

  /** Throws NOT_FOUND. */
  async setState(tx: Transaction, accountId: string, id: string, state: ImageSourceState, actor: Actor): Promise<void> {
    const before = await this.get(tx, accountId, id);
    const after = { ...before, state, stateChangedAt: new Date(), updatedAt: new Date() };
    await tx.manager.update(ImageSource, keyOf(before), after);
    record(tx, 'UPDATED', actor, { before, after });
  }

  /** Nothing where it is gone already. */
  async delete(tx: Transaction, accountId: string, id: string, actor: Actor): Promise<void> {
    const before = await this.find(tx, accountId, id);
    if (!before) return;
    await tx.manager.delete(ImageSource, keyOf(before));
    record(tx, 'DELETED', actor, { before });
  }

  /** Its row locked until the end; throws NOT_FOUND. */
  async get(tx: Transaction, accountId: string, id: string): Promise<ImageSource> {
    const row = await this.find(tx, accountId, id);
    if (!row) throw notFound('image source', id);
    return row;
  }

  find({ manager }: Transaction, accountId: string, id: string): Promise<ImageSource | null> {
    return manager.findOne(ImageSource, { where: { accountId, id: id.toLowerCase() }, lock: rowLock(manager) });
  }

  /** Throws JobFailure where they were sealed by a key that is not configured any more. */
  secretsOf(row: ImageSource): OriginSecrets {
    const secrets = findSecrets(this.seal, row);
    if (secrets) return secrets;
    throw new JobFailure(
      JobFailureCode.CREDENTIALS_UNREADABLE,
      'The secrets of the image source can not be read with the present key.',
      'Start the gateway with the former key in SECRETS_KEY_PREVIOUS, or give the origin of the source again.',
    );
  }

  /** Seals all secrets with the present key, after which a former key is not needed any more. */
  sealAnew({ manager }: Transaction): Promise<SealedAnew> {
    return sealAnew(manager, ImageSource, (row) => {
      if (!row.sealedSecrets) return null;
      const secrets = findSecrets(this.seal, row);
      return secrets && { sealedSecrets: sealSecrets(this.seal, row, secrets) };
    });
  }

  /** Whoever reads a source and writes it back has no secrets to write; for another registry they do not count. */
  private changedOrigin(before: ImageSource, given: ImageOrigin): Pick<ImageSource, 'origin' | 'sealedSecrets'> {
    const { origin, secrets } = withoutSecrets(given);
    const isSamePlace = origin.type === before.origin.type && placeOf(origin) === placeOf(before.origin);
    const hasOwn = Object.keys(secrets).length > 0;
    const kept = isSamePlace && !hasOwn ? (findSecrets(this.seal, before) ?? {}) : {};
    checkOrigin(filledIn(origin, { ...kept, ...secrets }));
    return { origin, sealedSecrets: sealSecrets(this.seal, before, { ...kept, ...secrets }) };
  }
}

function checkKept({ acl, builder }: Pick<ImageSourceChanges, 'acl' | 'builder'>): void {
  const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value ?? null));
  const name = bytes(acl) > MAX_KEPT_BYTES ? 'acl' : 'builder';
  if (Math.max(bytes(acl), bytes(builder)) > MAX_KEPT_BYTES)
    throw badInput(`\`${name}\` has at most ${MAX_KEPT_BYTES} bytes.`, name);
}

/** An upload's token may be one of before. */
function filledIn(origin: ImageOrigin, secrets: OriginSecrets): ImageOrigin {
  const token = secrets['details.token'];
  return token === undefined ? origin : { ...origin, details: { ...origin.details, token } };
}

/** Whom secrets are shown to. */
const placeOf = ({ details = {} }: ImageOrigin): string =>
  JSON.stringify([details.url, details.auth?.type, details.auth?.details?.url, details.repo?.url]);

const nameOf = ({ type, details }: ImageOrigin): string =>
  (details?.target ?? details?.repo?.url ?? type).slice(0, 255);

const keyOf = ({ accountId, id }: ImageSource) => ({ accountId, id });

function record(
  tx: Transaction,
  kind: CatalogChangeKind,
  actor: Actor,
  { before, after }: { before?: ImageSource; after?: ImageSource },
): void {
  const { accountId, id: entityId } = (after ?? before)!;
  const isNew = before && after && before.sealedSecrets !== after.sealedSecrets;
  recordChange(tx, {
    ...{ accountId, kind, entityType: 'ImageSource', entityId, actor },
    before: before && logged(before),
    after: after && { ...logged(after), ...(isNew && { hasNewSecrets: true }) },
  });
}

function logged({ sealedSecrets: _sealed, ...rest }: ImageSource): object {
  return rest;
}
