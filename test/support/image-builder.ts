// Images, and AWS's own client for a gateway.
import { randomUUID } from 'node:crypto';
import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import type { ImagebuilderClientConfig } from '@aws-sdk/client-imagebuilder';
import { asking, newAccessKey, rest } from './authorization-content.js';
import { connect } from './graphql-client.js';
import { signUp } from './authorization-world.js';
import type { TestGateway } from './gateway.js';
import type { Key } from './signed-requests.js';

const REGISTER = `mutation ($document: JSONObject!) {
  createImageBuilderImage(input: { document: $document }) {
    build { id name version phase createdAt dockerInfo { dockerImageName dockerVersion } }
    userErrors { code field message }
  }
}`;

/** @param token whose; the administrator's where left out */
export async function accessKeyOf(gateway: TestGateway, role = 'WRITER', token = gateway.token): Promise<Key> {
  const client = connect(gateway.url, token);
  try {
    return await newAccessKey(asking(client), `a ${role}`, role);
  } finally {
    await client.dispose();
  }
}

export async function register(gateway: TestGateway, document: object): Promise<any> {
  const { body } = await gateway.send(REGISTER, { document });
  if (body.errors) throw new Error(JSON.stringify(body.errors));
  return body.data.createImageBuilderImage;
}

export const sdkClient = (
  { url }: Pick<TestGateway, 'url'>,
  credentials: Key,
  more: Partial<ImagebuilderClientConfig> = {},
): ImagebuilderClient => new ImagebuilderClient({ endpoint: url, region: 'eu-central-1', credentials, ...more });

/** In an account of its own. */
export async function strangerClient(gateway: TestGateway): Promise<ImagebuilderClient> {
  const { token } = await signUp(gateway.url, `${randomUUID()}@example.com`);
  const { acct_id: id } = await rest(gateway.url, token, '/v1/accounts', { name: 'of a stranger' });
  await rest(gateway.url, token, `/v1/sys/session/select_account/${id}`);
  return sdkClient(gateway, await accessKeyOf(gateway, 'WRITER', token));
}

const PREFIX = 'arn:aws:imagebuilder:us-west-2:123456789012:image';

export const arnOf = (rest: string): string => `${PREFIX}/${rest}`;

/** An image as GetImage answers it, without the answer around it. */
export const imageDocument = (name: string, version: string, more: object = {}) => ({
  arn: arnOf(`${name}/${version}`),
  ...{ name, version, type: 'AMI', platform: 'Linux', state: { status: 'AVAILABLE' }, tags: {} },
  ...{ dateCreated: '2026-01-02T03:04:05.678Z', buildType: 'USER_INITIATED', ...more },
});
