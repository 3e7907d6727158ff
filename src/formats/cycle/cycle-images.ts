// Changes images that were made through Cycle's paths here: their documents are the truth, and the catalog's builds
// follow them. Imported ones are read-only.
import { actorOf } from '../../auth/principal.js';
import type { Principal } from '../../auth/principal.js';
import { SERVED } from '../../builds/origin.entity.js';
import type { Origin, VendorDocument } from '../../builds/origin.entity.js';
import type { OriginService } from '../../builds/origin.service.js';
import type { Actor } from '../../events/catalog-log.entity.js';
import type { ImageSourceService } from '../../image-sources/image-source.service.js';
import { hasLogin } from '../../image-sources/origin-check.js';
import { badInput } from '../../lib/errors.js';
import { newHexId } from '../../lib/ids.js';
import type { Transaction } from '../../lib/transaction.js';
import { absent, CycleError, wrongState } from './cycle-errors.js';
import { newImage } from './image-document.js';
import { toOriginDraft } from './origin-codec.js';
import type { ImportFacts } from './origin-codec.js';
import { toWireTime } from './times.js';
import type { WireImage, WireImageBuild, WireOverride } from './wire.js';

const MAX_NAME = 255;
/** A document must have room for what the image, once imported, says of itself. */
const MAX_BUILD_BYTES = 64 * 1024;
const MAX_TARGET = 1_024;
const MAX_URL = 2_048;

/** An image that was made here, its row locked. */
export interface ServedImage {
  /** The build's id. */
  id: string;
  document: WireImage;
  related: { creator: Actor; import?: ImportFacts; deletion?: { job_id: string } };
}

export interface CreateImage {
  hubId: string;
  sourceId: string;
  name?: string;
  build?: WireImageBuild | null;
  override?: { target?: string | null; targz_url?: string | null } | null;
}

export class CycleImages {
  constructor(
    private readonly origins: OriginService,
    private readonly sources: ImageSourceService,
  ) {}

  /** Throws 404.image.source, 403.invalid-state for a source that is being deleted, and BAD_USER_INPUT. */
  async create(tx: Transaction, principal: Principal, given: CreateImage): Promise<ServedImage> {
    const { accountId } = principal;
    const source = await this.sources.find(tx, accountId, given.sourceId);
    if (!source) throw absent('404.image.source', given.sourceId, 'source_id');
    if (source.state !== 'live') throw wrongState('The image source is being deleted.');
    if (Buffer.byteLength(JSON.stringify(given.build ?? null)) > MAX_BUILD_BYTES)
      throw badInput(`\`build\` has at most ${MAX_BUILD_BYTES} bytes.`, 'build');
    const creator = actorOf(principal);
    const document = newImage(
      {
        ...{ id: newHexId(), hubId: given.hubId, name: checkName(given.name || source.name), source },
        ...{ build: given.build ?? null, override: overrideOf(given.override), creator },
      },
      new Date(),
    );
    return this.save(tx, accountId, { document, related: { creator } }, creator);
  }

  /** Throws 404.image and 403.not-allowed. */
  async rename(tx: Transaction, principal: Principal, id: string, name: string | undefined): Promise<ServedImage> {
    const image = await this.lock(tx, principal.accountId, id);
    if (name === undefined || name === image.document.name) return image;
    const events = { ...image.document.events, updated: toWireTime(new Date()) };
    const document = { ...image.document, name: checkName(name), events };
    return this.save(tx, principal.accountId, { ...image, document }, actorOf(principal));
  }

  /** Its row locked until the end. Throws 404.image, and 403.not-allowed for one that is imported. */
  async lock(tx: Transaction, accountId: string, id: string): Promise<ServedImage> {
    const externalId = id.toLowerCase();
    const origin = await this.origins.find(tx, accountId, { kind: 'CYCLE', sourceKey: SERVED, externalId });
    if (origin) return toServed(origin);
    if (!(await this.origins.has(tx, accountId, { kind: 'CYCLE', externalId: id }))) throw absent('404.image', id);
    const message = 'The image is imported: it is changed where it comes from.';
    throw new CycleError('CONFLICT', '403.not-allowed', message);
  }

  async save(
    tx: Transaction,
    accountId: string,
    { document, related }: Omit<ServedImage, 'id'>,
    actor: Actor,
  ): Promise<ServedImage> {
    const draft = toOriginDraft(document as unknown as VendorDocument, related);
    const { id } = await this.origins.upsert(tx, accountId, { ...draft, sourceKey: SERVED }, { actor });
    return { id, document, related };
  }
}

export const toServed = ({ id, document, related }: Origin): ServedImage =>
  ({ id, document, related }) as unknown as ServedImage;

function checkName(name: string): string {
  if (name !== '' && name.length <= MAX_NAME) return name;
  throw badInput(`\`name\` must have 1 to ${MAX_NAME} characters.`, 'name');
}

/** Throws BAD_USER_INPUT. */
function overrideOf(given: CreateImage['override']): WireOverride | undefined {
  const { target, targz_url } = given ?? {};
  if ((target?.length ?? 0) > MAX_TARGET || (targz_url?.length ?? 0) > MAX_URL)
    throw badInput(`An override has at most ${MAX_TARGET} characters, and ${MAX_URL} for a URL.`, 'override');
  if (targz_url && hasLogin(targz_url))
    throw badInput('A URL must not hold a user name or a password.', 'override', 'targz_url');
  const override = { ...(target && { target }), ...(targz_url && { targz_url }) };
  return Object.keys(override).length > 0 ? override : undefined;
}
