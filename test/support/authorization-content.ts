// One of everything, in account A and in the account of a stranger.
import { randomBytes, randomUUID } from 'node:crypto';
import { fillCycle } from './authorization-cycle.js';
import { finished, startConversion, storeSampleImage } from './conversions.js';
import type { TestGateway } from './gateway.js';
import { connect } from './graphql-client.js';
import type { GraphqlClient } from './graphql-client.js';
import type { Key } from './signed-requests.js';

/** In the names of all that belongs to account A, and nowhere else. */
export const MARKER = 'quokka';

export interface Person {
  email: string;
  id: string;
  token: string;
}

/** Names of what lines are aimed at. */
export interface Ids {
  account: string;
  app: string;
  appName: string;
  build: string;
  /** A build that was converted here. */
  converted: string;
  task: string;
  /** A final one. */
  doneTask: string;
  job: string;
  node: string;
  registry: string;
  /** Of builds, at an address that the gateway may not go to. */
  source: string;
  user: string;
  email: string;
  accessToken: string;
  accessKey: string;
  /** ARN of an image of Image Builder. */
  imageArn: string;
  pcr0: string;
  group: string;
  /** Of a docker image in the gateway's store, that conversions are made from; without a tag. */
  image: string;
  /** Of its conversion, without the host. */
  repository: string;
  manifest: string;
  blob: string;
  /** Where a stored login is for. */
  registryScope: string;
  /** What names contain. */
  text: string;
  /** An image source of Cycle's, and an image of it. */
  cycleSource: string;
  cycleImage: string;
}

type Ask = (operation: string, variables?: object) => Promise<any>;

/** Asks and throws where anything was refused. */
export const asking =
  ({ send }: Pick<GraphqlClient, 'send'>): Ask =>
  async (operation, variables) => {
    const { body } = await send(operation, variables);
    const payload = body.data && (Object.values(body.data)[0] as { userErrors?: object[] } | null);
    if (body.errors || payload?.userErrors?.length) throw new Error(`${operation}: ${JSON.stringify(body)}`);
    return payload;
  };

/** What a POST to one of CCM's paths answers; throws where it was refused. */
export async function rest(url: string, token: string | undefined, path: string, body?: object): Promise<any> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const init = { method: 'POST', headers, body: body && JSON.stringify(body) };
  const response = await fetch(url + path, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

/** Fills account A: one of everything, each with the marker. */
export async function fillTreasury(gateway: TestGateway, userId: string): Promise<Ids> {
  const ask = asking(gateway);
  const image = await storeSampleImage(gateway, `${MARKER}/hello`, 1);
  const account = (await ask('{ viewer { account { id } } }')).account.id;
  await ask(
    `mutation { updateAccount(input: { accountId: "${account}", name: "${MARKER} account" }) { userErrors { message } } }`,
  );
  const content = await fillCatalog(ask, MARKER, image.replace(/:1$/, ''));
  const jobId = await startConversion(gateway, { appId: content.app, inputImage: { name: image } });
  const job = await finished(gateway, jobId);
  if (job.status !== 'SUCCEEDED') throw new Error(JSON.stringify(job));
  const { email } = (await ask(`{ users(first: 200) { nodes { user { id email } } } }`)).nodes
    .map(({ user }: { user: { id: string; email: string } }) => user)
    .find(({ id }: { id: string }) => id === userId);
  const repository = job
    .outputImage!.name.split('/')
    .slice(1)
    .join('/')
    .replace(/:[^:/]*$/, '');
  return {
    ...content,
    ...(await fillCycle(gateway.url, gateway.token, MARKER)),
    ...{ account, job: jobId, converted: job.build!.id, user: userId, email, repository, text: MARKER },
    manifest: job.outputImage!.digest!,
    blob: await firstLayer(gateway, repository, job.outputImage!.digest!),
  };
}

async function firstLayer({ url, token }: TestGateway, repository: string, digest: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/v2/${repository}/manifests/${digest}`, { headers });
  return ((await response.json()) as { layers: { digest: string }[] }).layers[0]!.digest;
}

/** Fills the account of the stranger, who has no image of its own: its job fails. */
export async function fillStranger(url: string, { id: user, email, token }: Person, account: string): Promise<Ids> {
  const client = connect(url, token);
  try {
    const ask = asking(client);
    const image = `${new URL(url).host}/wombat/nothing`;
    const content = await fillCatalog(ask, 'wombat', image);
    const job = await startConversion(client, { inputImage: { name: `${image}:1` } });
    await finished(client, job);
    const stored = {
      repository: 'wombat/nothing',
      manifest: `sha256:${'0'.repeat(64)}`,
      blob: `sha256:${'1'.repeat(64)}`,
    };
    await rest(url, token, '/v1/users/invite', { user_email: 'guest@wombat.example.com', roles: ['READER'] });
    const cycle = await fillCycle(url, token, 'wombat');
    return { ...content, ...cycle, account, job, converted: content.build, user, email, ...stored, text: 'wombat' };
  } finally {
    await client.dispose();
  }
}

type Content = Omit<
  Ids,
  | 'account'
  | 'job'
  | 'converted'
  | 'user'
  | 'email'
  | 'repository'
  | 'manifest'
  | 'blob'
  | 'text'
  | 'cycleSource'
  | 'cycleImage'
>;

async function fillCatalog(ask: Ask, marker: string, image: string): Promise<Content> {
  const names = {
    image,
    appName: `${marker}-app`,
    group: randomUUID(),
    node: randomUUID(),
    registryScope: image,
  };
  const app = await createApp(ask, names.appName, { ...settings(marker, image), groupId: names.group });
  const { build, task, pcr0 } = await createBuild(ask, { appId: app, groupId: names.group });
  const reviewed = await createBuild(ask, { appId: app });
  await ask(`mutation { approveTask(input: { taskId: "${reviewed.task}" }) { userErrors { message } } }`);
  await ask(
    'mutation ($input: ReportDeploymentInput!) { reportDeployment(input: $input) { userErrors { message } } }',
    {
      input: { buildId: build, nodeId: names.node, nodeName: `${marker} node`, status: 'RUNNING' },
    },
  );
  const registry = await createRegistry(ask, names.registryScope, marker);
  const accessToken = await createAccessToken(ask, `${marker}-spare`);
  const { accessKeyId: accessKey } = await newAccessKey(ask, `${marker}-spare`, 'READER');
  const imageArn = await createImage(ask, `${marker}-image`);
  const source = await createSource(ask, `${marker} source`);
  const made = { registry, source, accessToken, accessKey, imageArn };
  return { ...names, app, build, task, pcr0, doneTask: reviewed.task, ...made };
}

/** What makes an app have something at every field. */
const settings = (marker: string, image: string) => ({
  description: `${marker} description`,
  allowedDomains: [`${marker}.example.com`],
  inputImageName: image,
  outputImageName: `${image}-out`,
  labels: { [marker]: marker },
  customMetadata: { [marker]: marker },
  advancedSettings: { certificate: { subject: marker }, manifestEnv: [`X=${marker}`] },
  certificatePolicy: { requireKnownImage: true, requireKnownSigner: false },
  signers: [{ sgx: { mrsigner: randomBytes(32).toString('hex'), isvprodid: 1 } }],
});

export async function createApp(ask: Ask, name: string, more: object = {}): Promise<string> {
  const created = await ask(
    'mutation ($input: CreateAppInput!) { createApp(input: $input) { app { id } userErrors { message field } } }',
    { input: { name, ...more } },
  );
  return created.app.id;
}

export async function createBuild(ask: Ask, more: object = {}): Promise<{ build: string; task: string; pcr0: string }> {
  const [pcr0, pcr1, pcr2] = [1, 2, 3].map(() => randomBytes(48).toString('hex'));
  const attributes = [{ nitroEnclave: { hashAlgorithm: 'SHA384', pcr0, pcr1, pcr2 } }];
  const { build } = await ask(
    'mutation ($input: CreateBuildInput!) { createBuild(input: $input) { build { id pendingTask { id } } userErrors { message field } } }',
    { input: { attributes, ...more } },
  );
  return { build: build.id, task: build.pendingTask.id, pcr0: pcr0! };
}

export async function createRegistry(ask: Ask, url: string, marker: string): Promise<string> {
  const created = await ask(
    'mutation ($input: CreateRegistryCredentialInput!) { createRegistryCredential(input: $input) { registryCredential { id } userErrors { message } } }',
    { input: { url, username: marker, password: 'secret', description: `${marker} login` } },
  );
  return created.registryCredential.id;
}

/** What it is created with. */
export const sourceInput = (name: string) => ({
  ...{ kind: 'CCM', name, endpoint: 'http://127.0.0.1:1', credentials: { token: 'secret' } },
});

export async function createSource(ask: Ask, name: string): Promise<string> {
  const created = await ask(
    'mutation ($input: CreateSourceInput!) { createSource(input: $input) { source { id } userErrors { message } } }',
    { input: sourceInput(name) },
  );
  return created.source.id;
}

export async function createAccessToken(ask: Ask, name: string): Promise<string> {
  const created = await ask(
    `mutation { createAccessToken(input: { name: "${name}", roles: [READER] }) { accessToken { id } userErrors { message } } }`,
  );
  return created.accessToken.id;
}

/** An access key with its secret. */
export async function newAccessKey(ask: Ask, name: string, role: string): Promise<Key> {
  const created = await ask(
    `mutation { createAwsAccessKey(input: { name: "${name}", roles: [${role}] }) { secretAccessKey awsAccessKey { accessKeyId } userErrors { message } } }`,
  );
  return { accessKeyId: created.awsAccessKey.accessKeyId, secretAccessKey: created.secretAccessKey };
}

/** The ARN of an image that is being built. */
export async function createImage(ask: Ask, name: string): Promise<string> {
  const arn = `arn:aws:imagebuilder:us-west-2:123456789012:image/${name}/1.0.0/1`;
  const document = { arn, name, version: '1.0.0/1', state: { status: 'BUILDING' }, tags: { [name]: name } };
  await ask(
    'mutation ($document: JSONObject!) { createImageBuilderImage(input: { document: $document }) { userErrors { message } } }',
    { document },
  );
  return arn;
}
