// Imports images from Cycle: all of them, a hundred at a time, in the order they were made.
import type { VendorDocument } from '../../builds/origin.entity.js';
import { badInput } from '../../lib/errors.js';
import { isHexId } from '../../lib/ids.js';
import type { JobFailure } from '../../lib/job-failure.js';
import type {
  ImportedBuild,
  SourceConnector,
  SourceEnd,
  SourcePage,
  SourceReading,
} from '../../sources/source-connector.js';
import { invalid, jsonOf, unauthorized } from '../../sources/source-http.js';
import type { SourceAnswer } from '../../sources/source-http.js';
import { objectOf, sourceIdOf, toOriginDraft } from './origin-codec.js';

const PAGE_SIZE = 100;
/** Of one page, whatever was asked for. */
const MAX_IMAGES = 10_000;

interface Place extends Record<string, unknown> {
  page: number;
  /** Of the pages that are full: that of the first one, as a server may give less than was asked for. */
  size?: number;
  hasIncludes: boolean;
}

const START: Place = { page: 1, hasIncludes: true };

export const cycleSource: SourceConnector = {
  kind: 'CYCLE',
  defaultEndpoint: () => 'https://api.cycle.io',
  checkAccess({ credentials: { token, hubId } }) {
    if (token === undefined) throw badInput('Cycle needs `token`, an API key.', 'credentials', 'token');
    if (hubId === undefined || !isHexId(hubId.toLowerCase()))
      throw badInput('Cycle needs `hubId`, 24 hex digits.', 'credentials', 'hubId');
  },
  async *read(reading) {
    yield* readPages(reading, (reading.cursor as Place | null) ?? START);
    // What is deleted while pages are read moves others from one page to another: look twice before anything is gone.
    if ((await reading.countSeen()) < (await reading.countKnown())) yield* readPages(reading, START);
    return { isComplete: true, watermark: {} } satisfies SourceEnd;
  },
};

async function* readPages(reading: SourceReading, start: Place): AsyncGenerator<SourcePage, void> {
  let place = start;
  let before: string | undefined;
  for (;;) {
    const answer = await ask(reading, place);
    const isRefused = [400, 404, 422].includes(answer.status) && place.hasIncludes;
    if (isRefused) {
      place = { ...place, hasIncludes: false };
      continue;
    }
    const { images, includes } = pageOf(reading, answer);
    const first = JSON.stringify(objectOf(images[0]).id);
    const isAgain = images.length > 0 && first === before;
    if (isAgain && images.length >= PAGE_SIZE) throw invalid(`${hostOf(reading)} lists the same page again and again.`);
    before = first;
    // A short list that comes again is all there is, of a server that has no pages.
    const isLast = isAgain || images.length === 0 || images.length < (place.size ?? 0);
    place = { ...place, page: place.page + 1, size: place.size ?? images.length };
    yield { ...draftsOf(images, includes), cursor: place, isLast };
    if (isLast) return;
  }
}

function ask({ endpoint, credentials, http }: SourceReading, { page, hasIncludes }: Place): Promise<SourceAnswer> {
  const query = new URLSearchParams({ sort: 'id', 'page[size]': String(PAGE_SIZE), 'page[number]': String(page) });
  if (hasIncludes) for (const name of ['creators', 'sources']) query.append('include', name);
  return http.send(new URL(`${endpoint}/v1/images?${query.toString()}`), {
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${credentials.token}`,
      'x-hub-id': credentials.hubId!.toLowerCase(),
    },
  });
}

function pageOf(reading: SourceReading, answer: SourceAnswer): { images: unknown[]; includes: VendorDocument } {
  if (answer.status < 200 || answer.status >= 300) throw failureOf(reading, answer);
  const { data, includes } = objectOf(jsonOf(answer, hostOf(reading)));
  if (!Array.isArray(data)) throw invalid(`${hostOf(reading)} answered a list without data.`);
  if (data.length > MAX_IMAGES) throw invalid(`${hostOf(reading)} answered more than ${MAX_IMAGES} images at once.`);
  return { images: data as unknown[], includes: objectOf(includes) };
}

/** Cycle's own envelope, or what OAuth has for it. */
function failureOf({ http, endpoint }: SourceReading, { status, body }: SourceAnswer): JobFailure {
  const { host } = new URL(endpoint);
  let said = body.subarray(0, 4_096).toString('utf8');
  try {
    const { error, error_description: description } = objectOf(JSON.parse(body.toString('utf8')));
    const { code, title, detail } = objectOf(error);
    const words = [typeof error === 'string' ? error : code, title, detail, description];
    said = words.filter((word) => typeof word === 'string' && word !== '').join(': ') || said;
  } catch {
    // No JSON: as it came.
  }
  const message = `${host} answered ${status}: ${http.quoted(said)}`;
  const hint = 'Look whether the API key belongs to that hub and has the capability images-view.';
  return status === 401 || status === 403 ? unauthorized(message, hint) : invalid(message);
}

const hostOf = ({ endpoint }: SourceReading): string => new URL(endpoint).host;

function draftsOf(images: unknown[], includes: VendorDocument): Omit<SourcePage, 'cursor'> {
  const page: Omit<SourcePage, 'cursor'> = { builds: [], unchanged: [], failed: [] };
  for (const image of images) {
    try {
      page.builds.push(draftOf(withoutSecrets(objectOf(image)) as VendorDocument, includes));
    } catch (error) {
      page.failed.push({ message: `An image can not be read: ${(error as Error).message}` });
    }
  }
  return page;
}

function draftOf(document: VendorDocument, includes: VendorDocument): ImportedBuild {
  const source = memberOf(objectOf(includes.sources), sourceIdOf(document));
  const creators = Object.values(objectOf(includes.creators));
  const creatorId = objectOf(document.creator).id;
  const creator = creators.map((group) => memberOf(objectOf(group), creatorId)).find((found) => found !== undefined);
  const related = { ...(source && { source: withoutSecrets(source) }), ...(creator && { creator }) };
  return toOriginDraft(document, related);
}

function memberOf(group: VendorDocument, id: unknown): VendorDocument | undefined {
  if (typeof id !== 'string' || !Object.hasOwn(group, id)) return undefined;
  return objectOf(group[id]);
}

/** Where images are fetched from may hold logins for registries: they are not for the catalog. */
const SECRETS = ['token', 'password', 'passphrase', 'private_key', 'secret', 'api_key', 'config'];

function withoutSecrets(value: unknown, isOrigin = false): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutSecrets(item, isOrigin));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([name]) => !isOrigin || !SECRETS.includes(name));
  return Object.fromEntries(
    members.map(([name, child]) => [name, withoutSecrets(child, isOrigin || name === 'origin')]),
  );
}
