// Imports images from AWS: their versions, the builds of each, and of a build that its list tells something new of the
// whole document.
import type { VendorDocument } from '../../builds/origin.entity.js';
import { hashOf } from '../../builds/origin.service.js';
import { badInput } from '../../lib/errors.js';
import type {
  ImportedBuild,
  SourceConnector,
  SourceEnd,
  SourcePage,
  SourceReading,
  Unreadable,
} from '../../sources/source-connector.js';
import { invalid } from '../../sources/source-http.js';
import { AwsClient, AwsRefused } from './aws-client.js';
import { imageOf, toOriginDraft } from './origin-codec.js';
import { objectIn } from '../document-value.js';
import { textIn } from './wire.js';

const AT_ONCE = 4;
const MAX_PAGES_OF_VERSION = 400;
/** Of the list entries of one page of versions. */
const MAX_CHARACTERS = 64 * 1024 * 1024;
/** Of one page, whatever was asked for. */
const MAX_ITEMS = 1_000;
const BUILDS_OF_PAGE = 100;

interface Summary {
  arn: string;
  summary: VendorDocument;
  listHash: string;
}

export const imageBuilderSource: SourceConnector = {
  kind: 'IMAGE_BUILDER',
  defaultEndpoint(region) {
    if (region === null) throw badInput('Image Builder needs a `region`.', 'region');
    return `https://imagebuilder.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  },
  checkAccess({ region, credentials: { accessKeyId, secretAccessKey } }) {
    if (region === null) throw badInput('Image Builder needs a `region`.', 'region');
    if (accessKeyId === undefined || secretAccessKey === undefined)
      throw badInput('Image Builder needs `accessKeyId` and `secretAccessKey`.', 'credentials');
  },
  async *read(reading) {
    const client = await AwsClient.open(reading);
    try {
      yield* readVersions(client, reading);
    } catch (error) {
      // Where a list can not be read, nobody knows what is gone.
      if (!(error instanceof AwsRefused)) throw error;
      throw invalid(`${client.host} answered ${error.status} ${error.message}`);
    } finally {
      client.close();
    }
    return { isComplete: true, watermark: {} } satisfies SourceEnd;
  },
};

async function* readVersions(client: AwsClient, reading: SourceReading): AsyncGenerator<SourcePage, void> {
  let token = textIn(reading.cursor?.token);
  const tokens = new Set<string>();
  for (;;) {
    let answer: VendorDocument;
    try {
      answer = await client.listImages(token);
    } catch (error) {
      // The place of before is not known any more.
      if (!(error instanceof AwsRefused) || token === undefined || tokens.size > 0) throw error;
      token = undefined;
      continue;
    }
    const versions = itemsOf(client, answer.imageVersionList);
    const arns = versions.flatMap((version) => textIn(version.arn) ?? []);
    const next = textIn(answer.nextToken);
    if (next !== undefined && tokens.has(next)) throw invalid(`${client.host} lists the same page again and again.`);
    if (next !== undefined) tokens.add(next);
    yield* readBuilds(client, reading, arns, { here: token, next });
    if (next === undefined) return;
    token = next;
  }
}

/** In pages of a hundred; only with the last one the place moves on. */
async function* readBuilds(
  client: AwsClient,
  reading: SourceReading,
  arns: string[],
  { here, next }: { here?: string; next?: string },
): AsyncGenerator<SourcePage, void> {
  const room = { characters: MAX_CHARACTERS };
  const lists = await inTurns(arns, (arn) => summariesOf(client, arn, room));
  const failed = lists.flatMap((list) => list.failed);
  const summaries = lists.flatMap((list) => list.summaries);
  for (let at = 0; at === 0 || at < summaries.length; at += BUILDS_OF_PAGE) {
    const isEnd = at + BUILDS_OF_PAGE >= summaries.length;
    const page = await pageOf(client, reading, summaries.slice(at, at + BUILDS_OF_PAGE));
    const cursor = { token: isEnd ? next : here };
    yield { ...page, failed: [...page.failed, ...(isEnd ? failed : [])], cursor, isLast: isEnd && next === undefined };
  }
}

async function summariesOf(
  client: AwsClient,
  versionArn: string,
  room: { characters: number },
): Promise<{ summaries: Summary[]; failed: Unreadable[] }> {
  const summaries: Summary[] = [];
  const failed: Unreadable[] = [];
  let token: string | undefined;
  for (let pages = 0; ; pages++) {
    if (pages > MAX_PAGES_OF_VERSION) throw invalid(`${client.host} lists builds of ${versionArn} without an end.`);
    const answer = await client.listBuilds(versionArn, token);
    // Deleted since it was listed.
    if (!answer) return { summaries, failed };
    for (const summary of itemsOf(client, answer.imageSummaryList)) {
      room.characters -= JSON.stringify(summary).length;
      if (room.characters < 0) throw invalid(`${client.host} lists more of ${versionArn} than is read.`);
      const arn = textIn(summary.arn);
      if (arn === undefined) failed.push({ message: `A build of ${versionArn} has no ARN.` });
      else summaries.push({ arn, summary, listHash: hashOf(summary) });
    }
    token = textIn(answer.nextToken);
    if (token === undefined) return { summaries, failed };
  }
}

async function pageOf(
  client: AwsClient,
  reading: SourceReading,
  summaries: Summary[],
): Promise<Omit<SourcePage, 'cursor'>> {
  const known = await reading.known(summaries.map(({ arn }) => arn));
  const page: Omit<SourcePage, 'cursor'> = { builds: [], unchanged: [], failed: [] };
  const changed = summaries.filter(({ arn, listHash }) => {
    const before = known.get(arn);
    const isSame = before !== undefined && before.listHash === listHash && !before.isGone;
    if (isSame) page.unchanged.push(before.id);
    return !isSame;
  });
  const read = await inTurns(changed, (summary) => draftOf(client, summary));
  for (const result of read) {
    if (result === undefined) continue;
    if ('build' in result) page.builds.push(result);
    else page.failed.push(result);
  }
  return page;
}

/** Undefined where it was deleted since it was listed. */
async function draftOf(
  client: AwsClient,
  { arn, summary, listHash }: Summary,
): Promise<ImportedBuild | Unreadable | undefined> {
  try {
    const document = await client.getImage(arn);
    if (document === undefined) return undefined;
    if (imageOf(document).arn !== arn)
      return { externalId: arn, message: `GetImage answers another image for ${arn}.` };
    return { ...toOriginDraft(document), related: { summary }, listHash };
  } catch (error) {
    if (!(error instanceof AwsRefused)) throw error;
    return { externalId: arn, message: `The image ${arn}: ${error.message}` };
  }
}

/** Of a list's answer. One without its list is that of something else, and must not pass for an empty one. */
function itemsOf({ host }: AwsClient, list: unknown): VendorDocument[] {
  if (!Array.isArray(list)) throw invalid(`${host} answered without a list.`);
  if (list.length > MAX_ITEMS) throw invalid(`${host} answered more than ${MAX_ITEMS} items at once.`);
  return list.map((item) => objectIn(item) ?? {});
}

/** Several at once, and the results in the order of the items. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const at = next++;
      try {
        results[at] = await work(items[at]!);
      } catch (error) {
        // The others begin nothing new that nobody waits for.
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}
