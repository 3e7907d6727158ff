// What tests of imports ask of the gateway that imports.
import type { GraphqlClient } from './graphql-client.js';
import type { UpstreamCatalog } from './upstream-catalog.js';

export type Kind = 'CCM' | 'CYCLE' | 'IMAGE_BUILDER';

export async function ask(gateway: GraphqlClient, query: string, variables?: object): Promise<any> {
  const { body } = await gateway.send(query, variables);
  if (body.errors) throw new Error(JSON.stringify(body.errors));
  const value: any = Object.values(body.data)[0];
  if (value?.userErrors?.length > 0) throw new Error(JSON.stringify(value.userErrors));
  return value;
}

export const credentialsFor = ({ token, hubId, accessKeyId, secretAccessKey }: UpstreamCatalog) => ({
  CCM: { token },
  CYCLE: { token, hubId },
  IMAGE_BUILDER: { accessKeyId, secretAccessKey },
});

export async function createSource(gateway: GraphqlClient, input: object): Promise<string> {
  const query =
    'mutation ($input: CreateSourceInput!) { createSource(input: $input) { source { id } userErrors { code message field } } }';
  return (await ask(gateway, query, { input })).source.id;
}

export async function startSync(gateway: GraphqlClient, sourceId: string): Promise<string> {
  const query =
    'mutation ($input: SyncSourceInput!) { syncSource(input: $input) { job { id } userErrors { code message } } }';
  return (await ask(gateway, query, { input: { sourceId } })).job.id;
}

/** Waits for a job to be final, by its events. */
export async function jobEnd(gateway: GraphqlClient, jobId: string): Promise<any> {
  const { parse } = await import('graphql');
  const events = parse(`subscription ($id: ID!) { conversionStatus(jobId: $id) { status } }`);
  for await (const { errors } of gateway.subscribe(events, { id: jobId }))
    if (errors) throw new Error(JSON.stringify(errors));
  return ask(gateway, `{ job(id: "${jobId}") { status failure { code message hint } warnings { code message } } }`);
}

const RUN =
  'id created updated unchanged gone failed requests durationMs finishedAt failure { code message hint } job { status }';

/** Imports once; what its run says at the end. */
export async function sync(gateway: GraphqlClient, sourceId: string): Promise<any> {
  const job = await jobEnd(gateway, await startSync(gateway, sourceId));
  const source = await ask(
    gateway,
    `{ source(id: "${sourceId}") { status lastSyncedAt failure { code } runs(first: 1) { ${RUN} } } }`,
  );
  return { ...source.runs[0], job, source };
}
