// What tests of conversions need: a gateway with boot blobs, and the life of a job.
import { join } from 'node:path';
import type { ResultOf } from '@graphql-typed-document-node/core';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { Store } from '../../src/oci/store.js';
import { temporaryFolder } from './folders.js';
import { startTestGateway } from './gateway.js';
import type { TestGateway } from './gateway.js';
import type { GraphqlClient } from './graphql-client.js';
import { Convert, ListJobs, ShowJob, WatchJob } from './operations.js';

export type Job = NonNullable<ResultOf<typeof ShowJob>['job']>;
export type JobEvent = ResultOf<typeof WatchJob>['conversionStatus'];

export async function startConvertingGateway(environment: Record<string, string> = {}): Promise<TestGateway> {
  const blobs = environment.NITRO_BLOBS_DIR ?? join(temporaryFolder(), 'blobs');
  await writeDevelopmentBlobs(blobs);
  return startTestGateway({ ...environment, NITRO_BLOBS_DIR: blobs });
}

/** Puts a small image into a gateway's store; returns its name there. */
export async function storeSampleImage(gateway: TestGateway, repository: string, sizeMib = 4): Promise<string> {
  const { body } = await gateway.send('{ viewer { account { id } } }');
  const store = new Store(join(gateway.dataDir, 'store'));
  await writeSampleImage(store.repository(body.data.viewer.account.id, repository), '1', sizeMib);
  return `${new URL(gateway.url).host}/${repository}:1`;
}

/** Starts a conversion; throws where it was refused. */
export async function startConversion(client: GraphqlClient, input: object): Promise<string> {
  const { convertNitroImage } = await client.ask(Convert, { input: input as never });
  if (!convertNitroImage.job) throw new Error(JSON.stringify(convertNitroImage.userErrors));
  return convertNitroImage.job.id;
}

/** All events of a job to its end. `onEvents` sees those so far after each that arrives. */
export async function eventsOf(
  client: GraphqlClient,
  jobId: string,
  afterSeq = 0,
  onEvents: (soFar: readonly JobEvent[]) => void = () => undefined,
): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  for await (const { data, errors } of client.subscribe(WatchJob, { jobId, afterSeq })) {
    if (errors || !data) throw new Error(JSON.stringify(errors));
    events.push(data.conversionStatus);
    onEvents(events);
  }
  return events;
}

/** Waits until the job is in its step, then leaves the subscription; throws where the job ends before. */
export async function reached(client: GraphqlClient, jobId: string, step: JobEvent['step']): Promise<void> {
  for await (const { data, errors } of client.subscribe(WatchJob, { jobId })) {
    if (errors || !data) throw new Error(JSON.stringify(errors));
    if (data.conversionStatus.step === step) return;
  }
  throw new Error(`The job ended before ${step}`);
}

/** Waits until the job waits for a signature, then leaves the subscription; throws where the job ends before. */
export async function waiting(client: GraphqlClient, jobId: string): Promise<void> {
  for await (const { data, errors } of client.subscribe(WatchJob, { jobId })) {
    if (errors || !data) throw new Error(JSON.stringify(errors));
    if (data.conversionStatus.status === 'WAITING') return;
  }
  throw new Error('The job ended without waiting');
}

const MAX_LOOKS = 1_000;

/** Does what starts a job without telling its id, and looks until there is a job that was not there before. */
export async function jobStartedBy(client: GraphqlClient, start: () => void): Promise<string> {
  const ids = async () => (await client.ask(ListJobs, {})).jobs.nodes.map(({ id }) => id);
  const known = new Set(await ids());
  start();
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const id = (await ids()).find((other) => !known.has(other));
    if (id !== undefined) return id;
  }
  throw new Error(`No job appeared during ${MAX_LOOKS} requests`);
}

export async function showJob(client: GraphqlClient, id: string): Promise<Job> {
  const { job } = await client.ask(ShowJob, { id });
  if (!job) throw new Error(`There is no job ${id}`);
  return job;
}

/** The job after its end. */
export async function finished(client: GraphqlClient, jobId: string): Promise<Job> {
  await eventsOf(client, jobId);
  return showJob(client, jobId);
}
