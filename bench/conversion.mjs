// One large conversion within the store: speed beside gunzip and sha384sum of the same bytes one after the other,
// memory of all processes, and what other requests notice of it.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fromDist, residentMib, startGateway } from './gateway.mjs';
import { latenciesAt, percentile } from './load.mjs';

const RATE = 50;
const IDLE_MS = 5_000;
const MIB = 1024 * 1024;

export async function benchConversion(sizeMib) {
  const gateway = await startGateway();
  try {
    const { viewer } = await gateway.ask('{ viewer { account { id } } }');
    const { Store } = fromDist('oci/store.js');
    const store = new Store(join(gateway.dataDir, 'store')).repository(viewer.account.id, 'bench/image');
    await fromDist('demo/sample-image.js').writeSampleImage(store, '1', sizeMib);
    const floorSeconds = await floor(gateway.dataDir, store);
    const name = `${new URL(gateway.url).host}/bench/image:1`;
    const created = await gateway.ask(
      'mutation { createBuild(input: { mrenclave: "' + 'a'.repeat(64) + '" }) { build { id } } }',
    );
    const body = JSON.stringify({
      query: `{ build(id: "${created.createBuild.build.id}") { id appName status { status } } }`,
    });
    const next = () => ({ path: '/graphql', method: 'POST', headers: gateway.headers, body });
    const idleUntil = Date.now() + IDLE_MS;
    const idle = await latenciesAt(RATE, gateway.url, next, () => Date.now() > idleUntil);

    const alone = await convert(gateway, name);
    let isOver = false;
    const loaded = latenciesAt(RATE, gateway.url, next, () => isOver);
    const beside = await convert(gateway, name).finally(() => (isOver = true));
    const busy = await loaded;

    const speed = (seconds) => `${(sizeMib / seconds).toFixed(0)} MiB/s`;
    console.log(`conversion of ${sizeMib} MiB               ${speed(alone.seconds)} (${alone.seconds.toFixed(1)} s)`);
    console.log(`gunzip, then sha384sum              ${speed(floorSeconds)} (${floorSeconds.toFixed(1)} s)`);
    console.log(`share of that floor                 ${(floorSeconds / alone.seconds).toFixed(2)}`);
    console.log(
      `peak memory, gateway + child        ${alone.gatewayMib.toFixed(0)} + ${alone.childMib.toFixed(0)} MiB`,
    );
    const show = (sorted) => `${percentile(sorted, 0.5).toFixed(1)} / ${percentile(sorted, 0.99).toFixed(1)} ms`;
    console.log(`build(id) at ${RATE}/s, p50 / p99, idle    ${show(idle)}`);
    console.log(
      `the same while it converts          ${show(busy)} (the conversion took ${beside.seconds.toFixed(1)} s)`,
    );
  } finally {
    await gateway.stop();
  }
}

async function convert(gateway, name) {
  const start = performance.now();
  const { convertNitroImage } = await gateway.ask(
    `mutation { convertNitroImage(input: { inputImage: { name: "${name}" } }) { job { id } userErrors { message } } }`,
  );
  const jobId = convertNitroImage.job.id;
  let [gatewayMib, childMib, status] = [0, 0, 'QUEUED'];
  while (status === 'QUEUED' || status === 'RUNNING') {
    for (const { id, mib } of residentMib(gateway.pid)) {
      if (id === gateway.pid) gatewayMib = Math.max(gatewayMib, mib);
      else childMib = Math.max(childMib, mib);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    ({ status } = (await gateway.ask(`{ job(id: "${jobId}") { status } }`)).job);
  }
  if (status !== 'SUCCEEDED') throw new Error(`The job ended as ${status}`);
  return { seconds: (performance.now() - start) / 1000, gatewayMib, childMib };
}

/** Seconds that gunzip of the layers into a file and sha384sum of that file take, one after the other. */
async function floor(dataDir, store) {
  const signal = new AbortController().signal;
  const { layers } = JSON.parse((await store.resolve('1', signal)).bytes);
  const files = layers.map(({ digest }) => {
    const hex = digest.slice('sha256:'.length);
    return join(dataDir, 'store', 'blobs', 'sha256', hex.slice(0, 2), hex);
  });
  files.forEach((file) => readFileSync(file));
  const target = join(dataDir, 'floor.tar');
  const start = performance.now();
  execFileSync('sh', [
    '-c',
    `for f in "$@"; do gunzip -c < "$f"; done > '${target}' && sha384sum '${target}' > /dev/null`,
    'sh',
    ...files,
  ]);
  const seconds = (performance.now() - start) / 1000;
  if (statSync(target).size < MIB) throw new Error('The floor did not do the work');
  rmSync(target);
  return seconds;
}
