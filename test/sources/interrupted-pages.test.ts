// A gateway that is killed half way through what Cycle and Image Builder hold. Those of CCM: interrupted.test.ts.
import 'reflect-metadata';
import { temporaryFolder } from '../support/folders.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { ask, createSource, credentialsFor, jobEnd, startSync } from '../support/importing.js';
import type { Kind } from '../support/importing.js';
import { startRecordingForwarder } from '../support/recording-forwarder.js';
import type { RecordingForwarder } from '../support/recording-forwarder.js';
import { startUpstreamCatalog } from '../support/upstream-catalog.js';
import type { UpstreamCatalog } from '../support/upstream-catalog.js';

const COUNT = Number(process.env.TEST_SCALE ?? 1) > 1 ? 10_000 : 250;
/** What imports are written in. */
const PAGE = 100;
const HALF = Math.max(COUNT / 2, 2 * PAGE + 25);

let upstream: UpstreamCatalog;
let between: RecordingForwarder;
let gateway: GatewayProcess;
let environment: Record<string, string>;

beforeAll(async () => {
  upstream = await startUpstreamCatalog({ cycle: COUNT, imageBuilder: COUNT });
  between = await startRecordingForwarder(upstream.url);
  environment = { DATA_DIR: temporaryFolder(), UPSTREAM_ALLOW: between.host };
  gateway = await startGatewayProcess(environment);
}, 300_000);
afterAll(async () => {
  await gateway?.kill('SIGKILL');
  await between?.close();
  await upstream?.close();
});

const pageOf = (path: string): number => Number(/\/v1\/images\?.*page%5Bnumber%5D=(\d+)/.exec(path)?.[1] ?? 0);
const isGet = (path: string): boolean => path.includes('/GetImage?');
const LAST = Math.floor(HALF / PAGE) + 1;
let gets = 0;
const BEYOND: Record<'CYCLE' | 'IMAGE_BUILDER', (path: string) => boolean> = {
  CYCLE: (path) => pageOf(path) >= LAST,
  IMAGE_BUILDER: (path) => isGet(path) && ++gets > HALF,
};
const KINDS = Object.keys(BEYOND) as (keyof typeof BEYOND)[];

/** Resolves once both imports asked for what comes after half, which gets no answer. */
const atHalf = (): Promise<void> =>
  new Promise((resolve) => {
    const held = new Set<string>();
    between.intercept = ({ url = '' }) => {
      const kind = KINDS.find((one) => BEYOND[one](url));
      if (kind) held.add(kind);
      if (held.size === KINDS.length) resolve();
      return kind !== undefined;
    };
  });

const start = async (kind: Kind) => {
  const credentials = credentialsFor(upstream)[kind];
  const region = kind === 'IMAGE_BUILDER' ? 'eu-west-1' : undefined;
  const sourceId = await createSource(gateway, { kind, name: kind, endpoint: between.url, region, credentials });
  return { sourceId, jobId: await startSync(gateway, sourceId) };
};

it('goes on at the page that it was at, and reads nothing again that it had written', async () => {
  const held = atHalf();
  const imports = [await start('CYCLE'), await start('IMAGE_BUILDER')];
  await held;
  await gateway.kill('SIGKILL');
  between.intercept = () => false;
  between.asked();
  gateway = await startGatewayProcess(environment);
  for (const { sourceId, jobId } of imports) {
    expect(await jobEnd(gateway, jobId)).toMatchObject({ status: 'SUCCEEDED' });
    const { runs } = await ask(gateway, `{ source(id: "${sourceId}") { runs { created updated gone failed } } }`);
    expect(runs).toEqual([{ created: COUNT, updated: 0, gone: 0, failed: 0 }]);
    const filter = `{ sourceId: "${sourceId}" }`;
    expect((await ask(gateway, `{ builds(first: 1, filter: ${filter}) { totalCount } }`)).totalCount).toBe(COUNT);
  }
  const asked = between.asked();
  // The page before may have been on its way into the catalog.
  expect(Math.min(...asked.map(pageOf).filter((page) => page > 0))).toBeGreaterThanOrEqual(LAST - 1);
  expect(asked.filter(isGet).length).toBeLessThanOrEqual(COUNT - (LAST - 2) * PAGE);
}, 900_000);
