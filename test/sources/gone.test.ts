// What must not pass for the end of builds: answers that are empty, short, of something else, or of too much.
import 'reflect-metadata';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { ENTITIES } from '../../src/app-database.js';
import { openReadOnly } from '../../src/db/database.js';
import { isHeld } from '../../src/sources/gone-guard.js';
import { Source } from '../../src/sources/source.entity.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { startHttpFake } from '../support/http-fake.js';
import type { HttpFake } from '../support/http-fake.js';
import { ask, createSource, sync } from '../support/importing.js';

let gateway: TestGateway;
let rows: DataSource;
let fake: HttpFake;
/** By path and query; `status` is that of the answer. */
let answer: (url: URL) => Record<string, unknown> & { status?: number };
let retryAfter: string | undefined;

beforeAll(async () => {
  fake = await startHttpFake((request, response) => {
    request.resume();
    const { status = retryAfter === undefined ? 200 : 429, ...body } = answer(new URL(request.url!, 'http://fake'));
    response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
    response.end(JSON.stringify(body));
  });
  gateway = await startTestGateway({ UPSTREAM_ALLOW: fake.host });
  rows = await openReadOnly(join(gateway.dataDir, 'catalog.sqlite'), ENTITIES);
});
afterAll(async () => {
  await rows.destroy();
  await gateway.close();
  await fake.close();
});

const CREDENTIALS = {
  CCM: { token: 'some-token' },
  CYCLE: { token: 'some-token', hubId: 'a'.repeat(24) },
  IMAGE_BUILDER: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'some-secret' },
};
let count = 0;
const newSource = (kind: keyof typeof CREDENTIALS, more: object = {}) => {
  const region = kind === 'IMAGE_BUILDER' ? { region: 'eu-west-1' } : {};
  const name = `source ${(count += 1)}`;
  return createSource(gateway, { kind, name, endpoint: fake.url, credentials: CREDENTIALS[kind], ...region, ...more });
};
const images = (length: number) =>
  Array.from({ length }, (_, index) => ({ id: String(index).padStart(24, '0'), state: { current: 'live' } }));
const heldSince = (id: string) => ask(gateway, `{ source(id: "${id}") { goneHeldSince } }`);

it.each([
  ['nothing', { known: 0, seen: 0 }, false],
  ['one of many', { known: 100, seen: 99 }, false],
  ['twenty of twenty-one', { known: 21, seen: 1 }, false],
  ['all of one', { known: 1, seen: 0 }, true],
  ['more than a quarter', { known: 100, seen: 74 }, true],
  ['the same by hand, once it was held', { known: 100, seen: 74, heldSince: 1, isByHand: true }, false],
  ['the same by the schedule, after an hour', { known: 100, seen: 74, heldSince: 1 }, true],
  ['the same by the schedule, after a day', { known: 100, seen: 74, heldSince: 25 }, false],
  ['the same by hand, the first time', { known: 100, seen: 74, isByHand: true }, true],
] as [string, { known: number; seen: number; heldSince?: number; isByHand?: boolean }, boolean][])(
  'what is missing: %s',
  (_what, { heldSince: hours, isByHand = false, ...counts }, expected) => {
    const now = new Date();
    const since = hours === undefined ? null : new Date(now.getTime() - hours * 3_600_000);
    expect(isHeld({ ...counts, isByHand, heldSince: since }, now)).toBe(expected);
  },
);

it('a list that is suddenly empty is believed when somebody asks again', async () => {
  answer = ({ searchParams }) => ({ data: searchParams.get('page[number]') === '1' ? images(3) : [] });
  const id = await newSource('CYCLE');
  expect(await sync(gateway, id)).toMatchObject({ created: 3 });
  const full = answer;
  answer = () => ({ data: [] });
  const held = await sync(gateway, id);
  expect(held).toMatchObject({ gone: 0, failure: null, job: { warnings: [{ code: 'MANY_GONE' }] } });
  expect((await heldSince(id)).goneHeldSince).not.toBeNull();
  answer = full;
  expect(await sync(gateway, id)).toMatchObject({ gone: 0, unchanged: 3 });
  expect((await heldSince(id)).goneHeldSince).toBeNull();
  answer = ({ searchParams }) => ({ data: searchParams.get('page[number]') === '1' ? images(2) : [] });
  expect(await sync(gateway, id)).toMatchObject({ gone: 1, unchanged: 2 });
  answer = () => ({ data: [] });
  expect(await sync(gateway, id)).toMatchObject({ gone: 0 });
  expect(await sync(gateway, id)).toMatchObject({ gone: 2 });
  expect((await heldSince(id)).goneHeldSince).toBeNull();
});

it('pages that are shorter than asked for are not the last ones', async () => {
  const all = images(30);
  answer = ({ searchParams }) => {
    const end = Number(searchParams.get('page[number]')) * 10;
    return { data: all.slice(end - 10, end) };
  };
  expect(await sync(gateway, await newSource('CYCLE'))).toMatchObject({ created: 30, failure: null, requests: 4 });
});

it('a build whose document can not be kept any more is not gone', async () => {
  const [first, second] = images(2);
  answer = ({ searchParams }) => ({ data: searchParams.get('page[number]') === '1' ? [first, second] : [] });
  const id = await newSource('CYCLE');
  expect(await sync(gateway, id)).toMatchObject({ created: 2 });
  Object.assign(second!, { about: 'x'.repeat(600_000) });
  expect(await sync(gateway, id)).toMatchObject({ gone: 0, failed: 1, unchanged: 1 });
});

it('an answer without a list, or with far too many values, is none', async () => {
  answer = () => ({ message: 'a proxy in good health' });
  const builder = await newSource('IMAGE_BUILDER');
  expect((await sync(gateway, builder)).failure).toMatchObject({ code: 'SOURCE_INVALID' });
  answer = () => ({ items: Array.from({ length: 3_000_002 }, () => 0) });
  const { failure } = await sync(gateway, await newSource('CCM'));
  expect(failure).toMatchObject({ code: 'SOURCE_INVALID', message: expect.stringMatching(/3000000 values/) });
});

it('a version of an image that is deleted while it is read is no failure, but one that can not be read is', async () => {
  const versions = [1, 2].map((n) => `arn:aws:imagebuilder:eu-west-1:123456789012:image/a/1.0.${n}`);
  let status = 404;
  let listed = 0;
  answer = ({ pathname, searchParams }) => {
    if (pathname === '/ListImages') return { imageVersionList: versions.map((arn) => ({ arn })) };
    const arn = `${versions[0]}/1`;
    if (pathname === '/GetImage') return { image: { arn: searchParams.get('imageBuildVersionArn') } };
    listed += 1;
    return listed % 2 === 1 ? { imageSummaryList: [{ arn }] } : { status, message: 'Not this one.' };
  };
  const id = await newSource('IMAGE_BUILDER');
  expect(await sync(gateway, id)).toMatchObject({ created: 1, failed: 0, failure: null });
  status = 400;
  const { failure, gone } = await sync(gateway, id);
  expect(gone).toBe(0);
  expect(failure).toMatchObject({ code: 'SOURCE_INVALID', message: expect.stringMatching(/400 .*Not this one/) });
});

it('a change of the future does not hide those before it', async () => {
  const build = { build_id: '00000000-0000-4000-8000-000000000001', created_at: 1, updated_at: 9_999_999_999 };
  answer = ({ pathname }) => {
    const items = pathname === '/v1/builds' ? [build] : [];
    return { items, metadata: { total_count: items.length } };
  };
  const id = await newSource('CCM');
  const before = Date.now() / 1000;
  expect(await sync(gateway, id)).toMatchObject({ created: 1 });
  const { watermark } = await rows.manager.findOneByOrFail(Source, { id });
  expect(watermark!.builds).toBeGreaterThanOrEqual(Math.floor(before));
  expect(watermark!.builds).toBeLessThanOrEqual(Date.now() / 1000);
});

it('a source that asks for hours is left alone for so long', async () => {
  answer = () => ({});
  retryAfter = '7200';
  const id = await newSource('CCM', { syncEverySeconds: 60 });
  expect((await sync(gateway, id)).failure).toMatchObject({ code: 'SOURCE_UNREACHABLE' });
  retryAfter = undefined;
  const { nextSyncAt } = await ask(gateway, `{ source(id: "${id}") { nextSyncAt } }`);
  expect(Date.parse(nextSyncAt)).toBeGreaterThan(Date.now() + 7_100_000);
});
