// Conversions of one image within the store, beside gunzip of its layers to a file and sha384sum of that file, one after
// the other: speed with and without the layers in the cache, memory of all processes, and what other requests notice.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fromDist, residentMib, startGateway } from './gateway.mjs';
import { latenciesAt, percentile } from './load.mjs';
import { writeRootFilesystem } from './root-filesystem.mjs';

const RATE = 50;
const IDLE_MS = 5_000;
const ROUNDS = 3;
const MIB = 1024 * 1024;

export async function benchConversion(sizeMib) {
  const gateway = await startGateway();
  try {
    const { viewer } = await gateway.ask('{ viewer { account { id } } }');
    const { Store } = fromDist('oci/store.js');
    const store = new Store(join(gateway.dataDir, 'store')).repository(viewer.account.id, 'bench/image');
    const files = await writeRootFilesystem(store, '1', sizeMib);
    const name = `${new URL(gateway.url).host}/bench/image:1`;
    const layers = layerFiles(
      gateway.dataDir,
      JSON.parse((await store.resolve('1', new AbortController().signal)).bytes),
    );
    // Each round in the same minute, as these machines are noisy.
    const cold = await convert(gateway, name, 'cold');
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({ floor: floorSeconds(gateway.dataDir, layers), ours: await convert(gateway, name, `${round}`) });
    }
    const floor = median(rounds.map((round) => round.floor));
    const ours = median(rounds.map((round) => round.ours.seconds));
    const shares = rounds.map((round) => round.floor / round.ours.seconds);
    const most = (which) => Math.max(cold[which], ...rounds.map((round) => round.ours[which])).toFixed(0);
    const speed = (seconds) => `${(sizeMib / seconds).toFixed(0)} MiB/s (${seconds.toFixed(1)} s)`;
    console.log(`root file system of ${sizeMib} MiB in ${files} files, medians of ${ROUNDS} rounds`);
    console.log(`gunzip, then sha384sum              ${speed(floor)}`);
    console.log(`conversion, layers in the cache     ${speed(ours)}, share of that floor ${median(shares).toFixed(2)}`);
    console.log(
      `conversion, nothing in the cache    ${speed(cold.seconds)}, share of that floor ${(floor / cold.seconds).toFixed(2)}`,
    );
    console.log(`peak memory, gateway + child        ${most('gatewayMib')} + ${most('childMib')} MiB`);
    await benchLatency(gateway, name);
  } finally {
    await gateway.stop();
  }
}

async function benchLatency(gateway, name) {
  const created = await gateway.ask(
    'mutation { createBuild(input: { mrenclave: "' + 'a'.repeat(64) + '" }) { build { id } } }',
  );
  const query = `{ build(id: "${created.createBuild.build.id}") { id appName status { status } } }`;
  const next = () => ({ path: '/graphql', method: 'POST', headers: gateway.headers, body: JSON.stringify({ query }) });
  const idleUntil = Date.now() + IDLE_MS;
  const idle = await latenciesAt(RATE, gateway.url, next, () => Date.now() > idleUntil);
  let isOver = false;
  const loaded = latenciesAt(RATE, gateway.url, next, () => isOver);
  await convert(gateway, name, 'beside').finally(() => (isOver = true));
  const show = (sorted) => `${percentile(sorted, 0.5).toFixed(1)} / ${percentile(sorted, 0.99).toFixed(1)} ms`;
  console.log(`build(id) at ${RATE}/s, p50 / p99, idle    ${show(idle)}`);
  console.log(`the same while it converts          ${show(await loaded)}`);
}

/** @param mark makes each output another one, so that nothing of it is there already */
async function convert(gateway, name, mark) {
  const start = performance.now();
  const { convertNitroImage } = await gateway.ask(
    `mutation { convertNitroImage(input: {
      inputImage: { name: "${name}" }, converterOptions: { envVars: ["MARK=${mark}"] }
    }) { job { id } userErrors { message } } }`,
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

function layerFiles(dataDir, { layers }) {
  return layers.map(({ digest }) => {
    const hex = digest.slice('sha256:'.length);
    return join(dataDir, 'store', 'blobs', 'sha256', hex.slice(0, 2), hex);
  });
}

/** Seconds that gunzip of the layers into a file and sha384sum of that file take, one after the other. */
function floorSeconds(dataDir, files) {
  files.forEach((file) => readFileSync(file));
  const target = join(dataDir, 'floor.tar');
  const script = `for f in "$@"; do gunzip -c < "$f"; done > '${target}' && sha384sum '${target}' > /dev/null`;
  const start = performance.now();
  execFileSync('sh', ['-c', script, 'sh', ...files]);
  const seconds = (performance.now() - start) / 1000;
  if (statSync(target).size < MIB) throw new Error('The floor did not do the work');
  rmSync(target);
  return seconds;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
