// A gateway that is killed while it imports, and while it tells a decision to where a build came from.
import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { parse } from 'graphql';
import { temporaryFolder } from '../support/folders.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { ask, createSource, jobEnd, startSync } from '../support/importing.js';
import { startRecordingForwarder } from '../support/recording-forwarder.js';
import type { RecordingForwarder } from '../support/recording-forwarder.js';
import { startUpstreamCatalog } from '../support/upstream-catalog.js';
import type { UpstreamCatalog } from '../support/upstream-catalog.js';

const COUNT = Number(process.env.TEST_SCALE ?? 1) > 1 ? 10_000 : 250;
const PAGE = 100;
/** Where it is killed: a whole number of pages. */
const HALF = Math.max(COUNT / 2, 200);

let upstream: UpstreamCatalog;
let between: RecordingForwarder;
let gateway: GatewayProcess;
let environment: Record<string, string>;
let sourceId: string;

beforeAll(async () => {
  upstream = await startUpstreamCatalog({ ccm: COUNT });
  between = await startRecordingForwarder(upstream.url);
  environment = { DATA_DIR: temporaryFolder(), UPSTREAM_ALLOW: between.host };
  gateway = await startGatewayProcess(environment);
  const input = { kind: 'CCM', name: 'upstream', endpoint: between.url, isWriteBack: true };
  sourceId = await createSource(gateway, { ...input, credentials: { token: upstream.token } });
}, 300_000);
afterAll(async () => {
  await gateway?.kill('SIGKILL');
  await between?.close();
  await upstream?.close();
});

const isIt = (pattern: RegExp, { method, url }: IncomingMessage) => pattern.test(`${method} ${url}`);

/** Resolves once a request comes, which then gets no answer. */
const lost = (pattern: RegExp): Promise<void> =>
  new Promise((resolve) => {
    between.intercept = (incoming) => {
      if (!isIt(pattern, incoming)) return false;
      resolve();
      return true;
    };
  });

/** Resolves once a request was answered, of which the gateway hears nothing. */
const taken = (pattern: RegExp): Promise<void> =>
  new Promise((resolve) => {
    between.swallow = (incoming) => {
      if (!isIt(pattern, incoming)) return false;
      resolve();
      return true;
    };
  });
const letPass = () => {
  between.intercept = () => false;
  between.swallow = () => false;
};

describe('an import that is killed', () => {
  it('goes on where it was, and counts nothing twice', async () => {
    const arrived = lost(new RegExp(`GET /v1/builds\\?.*offset=${HALF}(?!\\d)`));
    const jobId = await startSync(gateway, sourceId);
    const events = parse(`subscription { conversionStatus(jobId: "${jobId}") { message } }`);
    for await (const { data } of gateway.subscribe<any, object>(events))
      if (data?.conversionStatus.message?.startsWith(`${HALF} of ${COUNT}`)) break;
    await arrived;
    between.asked();
    await gateway.kill('SIGKILL');
    letPass();
    gateway = await startGatewayProcess(environment);
    expect(await jobEnd(gateway, jobId)).toMatchObject({ status: 'SUCCEEDED' });
    const offsets = between.asked().flatMap((path) => /\/v1\/builds\?.*offset=(\d+)/.exec(path)?.[1] ?? []);
    expect(offsets[0]).toBe(String(HALF));
    expect(offsets).toHaveLength(Math.ceil((COUNT - HALF) / PAGE));
    const { runs } = await ask(
      gateway,
      `{ source(id: "${sourceId}") { runs { id created updated unchanged gone failed } } }`,
    );
    expect(runs).toEqual([{ id: jobId, created: COUNT, updated: 0, unchanged: 0, gone: 0, failed: 0 }]);
    expect((await ask(gateway, '{ builds(first: 1) { totalCount } }')).totalCount).toBe(COUNT);
  }, 300_000);
});

describe('a decision', () => {
  const builds: { id: string; pendingTask: { id: string } }[] = [];
  beforeAll(async () => {
    builds.push(...(await ask(gateway, '{ builds(first: 4) { nodes { id pendingTask { id } } } }')).nodes);
  });
  const decide = (index: number) =>
    ask(
      gateway,
      `mutation { approveTask(input: { taskId: "${builds[index]!.pendingTask.id}" }) { task { status } userErrors { message } } }`,
    );
  const outcomeOf = (index: number) =>
    ask(
      gateway,
      `{ build(id: "${builds[index]!.id}") { status { status } reviewWriteBack { status message decision externalTaskId } } }`,
    );
  const lastJob = async () =>
    (await ask(gateway, '{ jobs(first: 1, filter: { kind: [REVIEW_WRITE_BACK] }) { nodes { id } } }')).nodes[0].id;
  const there = async (index: number) => {
    const { body } = await upstream.send(
      `{ build(id: "${builds[index]!.id}") { status { status } pendingTask { id } } }`,
    );
    return body.data.build;
  };
  const sent = () => between.asked().filter((path) => path.startsWith('PATCH'));

  it('is told to the source of the build', async () => {
    const { pendingTask } = await there(0);
    await decide(0);
    expect(await jobEnd(gateway, await lastJob())).toMatchObject({ status: 'SUCCEEDED' });
    expect(await outcomeOf(0)).toMatchObject({
      status: { status: 'WHITELISTED' },
      reviewWriteBack: { status: 'DONE', decision: 'APPROVED', externalTaskId: pendingTask.id },
    });
    expect(await there(0)).toMatchObject({ status: { status: 'WHITELISTED' }, pendingTask: null });
    const { nodes } = await ask(
      gateway,
      `{ catalogLog(first: 3, filter: { entityId: "${builds[0]!.id}" }) { nodes { actor { type name } after } } }`,
    );
    expect(JSON.stringify(nodes)).toMatch(/reviewWriteBack.*DONE/);
    expect(sent()).toHaveLength(1);
  }, 30_000);

  it('is not sent again where the gateway was killed meanwhile, whether or not it was taken', async () => {
    const tasks = [await there(1), await there(2)].map(({ pendingTask }) => pendingTask.id);
    const both = [taken(new RegExp(`^PATCH .*${tasks[0]}`)), lost(new RegExp(`^PATCH .*${tasks[1]}`))];
    const jobs: string[] = [];
    for (const index of [1, 2]) {
      await decide(index);
      jobs.push(await lastJob());
    }
    await Promise.all(both);
    await gateway.kill('SIGKILL');
    letPass();
    gateway = await startGatewayProcess(environment);
    expect(await jobEnd(gateway, jobs[0]!)).toMatchObject({ status: 'SUCCEEDED' });
    expect((await outcomeOf(1)).reviewWriteBack).toMatchObject({ status: 'DONE' });
    expect(await jobEnd(gateway, jobs[1]!)).toMatchObject({ failure: { code: 'WRITE_BACK_UNKNOWN' } });
    expect((await outcomeOf(2)).reviewWriteBack).toMatchObject({ status: 'UNKNOWN' });
    expect(await there(2)).toMatchObject({ status: { status: 'PENDING' } });
    expect(sent()).toHaveLength(2);
  }, 30_000);

  it('that was taken there the other way before is refused, and stays here', async () => {
    const { pendingTask } = await there(3);
    await ask(
      upstream,
      `mutation { denyTask(input: { taskId: "${pendingTask.id}" }) { task { id } userErrors { message } } }`,
    );
    await decide(3);
    const job = await jobEnd(gateway, await lastJob());
    expect(job).toMatchObject({ status: 'FAILED', failure: { code: 'WRITE_BACK_REFUSED' } });
    expect(await outcomeOf(3)).toMatchObject({
      status: { status: 'WHITELISTED' },
      reviewWriteBack: { status: 'FAILED' },
    });
  }, 30_000);
});
