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
import { listIn, textIn } from './wire.js';

const AT_ONCE = 4;
const MAX_PAGES_OF_VERSION = 400;
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
    const arns = listIn(answer.imageVersionList).flatMap((version) => textIn(objectOf(version).arn) ?? []);
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
  const lists = await inTurns(arns, (arn) => summariesOf(client, arn));
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
): Promise<{ summaries: Summary[]; failed: Unreadable[] }> {
  const summaries: Summary[] = [];
  const failed: Unreadable[] = [];
  let token: string | undefined;
  for (let pages = 0; ; pages++) {
    if (pages > MAX_PAGES_OF_VERSION) throw invalid(`${client.host} lists builds of ${versionArn} without an end.`);
    const answer = await client.listBuilds(versionArn, token);
    for (const item of listIn(answer.imageSummaryList)) {
      const summary = objectOf(item);
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

const objectOf = (value: unknown): VendorDocument =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as VendorDocument) : {};

/** Several at once, and the results in the order of the items. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}
