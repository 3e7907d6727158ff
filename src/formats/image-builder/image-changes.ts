// What is changed here: images that are registered by their documents, their state and their tags. An image that was
// imported is read-only: it is changed where it is made.
import { SERVED } from '../../builds/origin.entity.js';
import type { Origin, VendorDocument } from '../../builds/origin.entity.js';
import { actorOf } from '../../auth/principal.js';
import type { Principal } from '../../auth/principal.js';
import { badInput, invalidState } from '../../lib/errors.js';
import type { Transaction } from '../../lib/transaction.js';
import { parseImageArn } from './arn.js';
import { getBuildOfImage, imageNotFound } from './find-image.js';
import { invalidRequest } from './image-builder-errors.js';
import type { ImageBuilderServices } from './image-builder-services.js';
import { imageOf, stateOf, toOriginDraft } from './origin-codec.js';
import { objectIn } from '../document-value.js';
import type { WireCancelImageCreation, WireObject } from './wire.js';

const BEFORE_AVAILABLE = ['PENDING', 'CREATING', 'BUILDING', 'TESTING', 'DISTRIBUTING', 'INTEGRATING'];

/** The id of its build. Throws BAD_USER_INPUT, and CONFLICT where the image is imported from a source. */
export async function registerImage(
  { inTransaction, origins, originQuery }: ImageBuilderServices,
  principal: Principal,
  document: VendorDocument,
): Promise<string> {
  const draft = toOriginDraft(document);
  if (parseImageArn(draft.externalId).build === undefined)
    throw badInput('The `arn` of the image must have a build number.', 'document');
  const { accountId } = principal;
  const [known] = await originQuery.byExternalIds(accountId, 'IMAGE_BUILDER', [draft.externalId]);
  if (known && known.sourceKey !== SERVED && known.goneAt === null)
    throw invalidState('The image is imported from a source, which tells what becomes of it.', 'document');
  return inTransaction(async (tx) => {
    const served = { ...draft, sourceKey: SERVED };
    // What was noted of the image here is not in the vendor's document.
    const related = (await origins.find(tx, accountId, served))?.related;
    const { id } = await origins.upsert(tx, accountId, { ...served, related }, { actor: actorOf(principal) });
    return id;
  });
}

/** Throws ResourceNotFoundException, and InvalidRequestException for an image that is complete or imported. */
export async function cancelImage(
  services: ImageBuilderServices,
  principal: Principal,
  { imageBuildVersionArn, clientToken }: WireCancelImageCreation,
): Promise<void> {
  await changeImage(services, principal, imageBuildVersionArn, (origin, image) => {
    const state = stateOf(image);
    const isRepeated = clientToken !== undefined && objectIn(origin.related.cancellation)?.clientToken === clientToken;
    if (state === 'CANCELLED' || isRepeated) return undefined;
    if (!BEFORE_AVAILABLE.includes(state))
      throw invalidRequest(`The image is ${state || 'in no state that is known'}: it can not be cancelled any more.`);
    const related = { ...origin.related, cancellation: { clientToken } };
    return { image: { ...image, state: { ...objectIn(image.state), status: 'CANCELLED' } }, related };
  });
}

/** Throws ResourceNotFoundException, and InvalidRequestException for an image that is imported. */
export async function changeTags(
  services: ImageBuilderServices,
  principal: Principal,
  arn: string,
  change: (tags: WireObject) => WireObject,
): Promise<void> {
  await changeImage(services, principal, arn, ({ related }, image) => ({
    image: { ...image, tags: change(objectIn(image.tags) ?? {}) },
    related,
  }));
}

type Changed = { image: WireObject; related: VendorDocument } | undefined;

/** @param change undefined where the image stays as it is */
async function changeImage(
  services: ImageBuilderServices,
  principal: Principal,
  arn: string,
  change: (origin: Origin, image: WireObject) => Changed,
): Promise<void> {
  const { accountId } = principal;
  const found = await getBuildOfImage(services, accountId, arn);
  if (found.sourceKey !== SERVED)
    throw invalidRequest('The image was imported: it is changed and cancelled where it is made.');
  await services.inTransaction(async (tx: Transaction) => {
    const origin = await services.origins.find(tx, accountId, found);
    if (!origin) throw imageNotFound(arn);
    const changed = change(origin, imageOf(origin.document));
    if (!changed) return;
    const draft = toOriginDraft(withImage(origin.document, changed.image));
    const served = { ...draft, sourceKey: SERVED, related: changed.related };
    await services.origins.upsert(tx, accountId, served, { actor: actorOf(principal) });
  });
}

/** The same document with another image, where it has that or is it. */
const withImage = (document: VendorDocument, image: WireObject): VendorDocument =>
  objectIn(document.image) ? { ...document, image } : image;
