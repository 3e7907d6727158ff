// What has to be so once everything is over, whatever happened before.
import { createHash } from 'node:crypto';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { DataSource } from 'typeorm';
import { Build } from '../../src/builds/build.entity.js';
import { BuildRecipe } from '../../src/conversions/build-recipe.entity.js';
import type { ConversionRequest } from '../../src/conversions/conversion-request.js';
import { fetchEif } from '../../src/conversions/fetch-eif.js';
import { isFinal, JobEvent, JobEventKind, JobStatus } from '../../src/events/job-event.entity.js';
import { Job, JobKind } from '../../src/jobs/job.entity.js';
import { Upstream } from '../../src/lib/upstream.js';
import { readEif } from '../../src/nitro/eif-reader.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { Store } from '../../src/oci/store.js';

/** What a registry that spoils answers can do to a job, and what killing its process three times does. */
const EXPLAINED = ['REGISTRY_UNREACHABLE', 'DIGEST_MISMATCH', 'WORKER_LOST'];

export async function expectSoundRows(source: DataSource): Promise<Job[]> {
  const jobs = await source.manager.find(Job);
  const open = jobs.filter((job) => !isFinal(job.status) || job.sealedCredentials !== null || job.joinKey !== null);
  expect(open).toEqual([]);
  expect(jobs.flatMap(({ failure }) => (failure && !EXPLAINED.includes(failure.code) ? [failure] : []))).toEqual([]);
  await expectOneBuildEach(source, jobs);
  for (const job of jobs) {
    const { accountId, id: jobId } = job;
    expectSoundEvents(job, await source.manager.find(JobEvent, { where: { accountId, jobId }, order: { seq: 'ASC' } }));
  }
  expectRetriesInTurn(jobs);
  expect(jobs.filter(({ reproduction }) => reproduction && reproduction.verdict !== 'IDENTICAL')).toEqual([]);
  return jobs;
}

/** Those that succeeded. */
const conversionsOf = (jobs: Job[]): Job[] =>
  jobs.filter(({ kind, status }) => kind === JobKind.NITRO_CONVERSION && status === JobStatus.SUCCEEDED);

async function expectOneBuildEach(source: DataSource, jobs: Job[]): Promise<void> {
  const due = conversionsOf(jobs).filter(({ input }) => (input as ConversionRequest).register !== false);
  const registered = due.map(({ accountId, id, buildId }) => [accountId, id, buildId].join(' ')).sort();
  const builds = await source.manager.find(Build);
  expect(builds.map(({ accountId, jobId, id }) => [accountId, jobId, id].join(' ')).sort()).toEqual(registered);
  const converting = jobs.filter(({ kind, buildId }) => kind === JobKind.NITRO_CONVERSION && buildId !== null);
  expect(converting).toHaveLength(due.length);
  expect(await source.manager.count(BuildRecipe)).toBe(due.length);
}

function expectSoundEvents(job: Job, events: JobEvent[]): void {
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: job.lastSeq }, (_, index) => index + 1));
  const statuses = events.filter(({ kind }) => kind === JobEventKind.STATUS).map(({ status }) => status);
  expect(statuses[0]).toBe('QUEUED');
  expect(statuses.filter((status) => status === JobStatus.RUNNING)).toHaveLength(job.attempt);
  expect(statuses.filter(isFinal)).toEqual([job.status]);
  expect(events.at(-1)).toMatchObject({ kind: 'STATUS', status: job.status });
}

/** No two jobs in the place of one at the same time. */
function expectRetriesInTurn(jobs: Job[]): void {
  const originals = new Set(jobs.flatMap(({ retryOf }) => retryOf ?? []));
  for (const original of originals) {
    const retries = jobs.filter(({ retryOf }) => retryOf === original);
    const ordered = retries.sort((a, b) => Number(a.createdAt) - Number(b.createdAt));
    for (const [at, next] of ordered.slice(1).entries()) {
      expect(Number(ordered[at]!.finishedAt)).toBeLessThanOrEqual(Number(next.createdAt));
    }
  }
}

/** Everything below the folder has its place there, whole. */
export async function expectSoundFiles(dataDir: string): Promise<void> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(dataDir, join(entry.parentPath, entry.name)));
  const known = [
    /^(admin\.token|secrets\.key|lock|catalog\.sqlite(\.lock)?|blobs\/[\w.]+)$/,
    /^cache\/[0-9a-f-]{36}\/[0-9a-f]{64}-[0-9a-f]{64}$/,
    /^store\/blobs\/sha256\/[0-9a-f]{2}\/[0-9a-f]{64}$/,
    /^store\/accounts\/[0-9a-f-]{36}\/acme\/(one|two)\/(_manifests|_blobs)\/[0-9a-f]{64}$/,
    /^store\/accounts\/[0-9a-f-]{36}\/acme\/(one|two)\/_tags\/[\w-]+$/,
    /^store\/accounts\/[0-9a-f-]{36}\/acme\/(one|two)\/_referrers\/[0-9a-f]{64}\/[0-9a-f]{64}$/,
  ];
  expect(files.filter((file) => !known.some((form) => form.test(file)))).toEqual([]);
  const folders = await Promise.all(['spool', 'store/tmp'].map((name) => readdir(join(dataDir, name))));
  expect(folders.flat()).toEqual([]);
  for (const file of files.filter((name) => name.startsWith('store/blobs/'))) {
    const hash = createHash('sha256').update(await readFile(join(dataDir, file)));
    expect(file.slice(-64)).toBe(hash.digest('hex'));
  }
}

/** What was made can be read, is what the job says, and the same came of the same. */
export async function expectSoundImages(jobs: Job[], dataDir: string, registryHost: string): Promise<void> {
  const store = new Store(join(dataDir, 'store'));
  const upstream = new Upstream({ allow: [registryHost] });
  const registries = new RegistryClient(upstream);
  const pcrs = new Map<string, string>();
  const signal = new AbortController().signal;
  for (const { accountId, id, input, outputImage } of conversionsOf(jobs)) {
    const request = input as ConversionRequest;
    const { host, repository } = request.output;
    const target =
      host === undefined
        ? store.repository(accountId, repository)
        : registries.repository({ host: registryHost, repository });
    const { path, ...range } = await fetchEif(target, outputImage!.digest!, join(dataDir, `${id}.eif`), signal);
    const file = await open(path, 'r');
    const { measurements, problems } = await readEif(file, { ...range, signal }).finally(() => file.close());
    await rm(path);
    expect(problems).toEqual([]);
    const { pcr8, ...unsigned } = measurements!;
    expect(pcr8 !== undefined).toBe(request.signing !== undefined);
    expect(outputImage!.measurements!.map(({ name, value }) => [name, value])).toEqual(
      expect.arrayContaining(Object.entries(unsigned)),
    );
    const asked = JSON.stringify([request.input, request.options]);
    const value = JSON.stringify(unsigned);
    expect(pcrs.get(asked) ?? value).toBe(value);
    pcrs.set(asked, value);
  }
  await upstream.close();
}
