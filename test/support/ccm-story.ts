// Somebody who signs up at a gateway, makes an account and works in it by CCM's paths alone: where all parts of the
// contract test begin.
import { randomUUID } from 'node:crypto';
import { CcmClient } from './ccm-client.js';
import { startConvertingGateway, storeSampleImage } from './conversions.js';
import type { TestGateway } from './gateway.js';
import { basic, PASSWORD } from './people.js';

export interface CcmStory {
  gateway: TestGateway;
  /** Nobody; signed up people are `nobody.as(token)`. */
  nobody: CcmClient;
  /** MANAGER of the account. */
  me: CcmClient;
  userId: string;
  accountId: string;
  email: string;
}

/** A part of the story: tests that are told one after the other. */
export type CcmPart = (story: () => CcmStory) => void;

export async function startStory(environment: Record<string, string>): Promise<CcmStory> {
  const gateway = await startConvertingGateway({ ...environment, SIGN_UP: 'open' });
  const nobody = new CcmClient(gateway.url);
  const email = 'manager@story.example';
  const userId = await signUp(nobody, email);
  const me = await signIn(nobody, email);
  const { acct_id: accountId } = await me.ask('POST', '/v1/accounts', { name: 'the story' });
  await me.ask('POST', `/v1/sys/session/select_account/${accountId}`);
  return { gateway, nobody, me, userId, accountId, email };
}

export async function signUp(client: CcmClient, email: string): Promise<string> {
  const { user_id } = await client.ask('POST', '/v1/users', { user_email: email, user_password: PASSWORD });
  return user_id;
}

/** As real clients do: Basic, JSON's content type and no body. */
export async function signIn(client: CcmClient, email: string, password = PASSWORD): Promise<CcmClient> {
  const { status, text, body } = await client.post('/v1/sys/auth', undefined, basic(email, password));
  if (status !== 200) throw new Error(text);
  return client.as(body.access_token);
}

/** Puts an image into the store, in the account of the story; returns its name without the tag. */
export async function storedImage({ gateway, me }: CcmStory, repository: string): Promise<string> {
  const authorization = me.headers.authorization as string;
  const owner = { ...gateway, send: (query: string) => gateway.send(query, undefined, { authorization }) };
  return (await storeSampleImage(owner, repository, 1)).replace(/:1$/, '');
}

let apps = 0;

export async function newApp({ me }: CcmStory, more: object = {}): Promise<any> {
  const name = `app ${(apps += 1)} ${randomUUID()}`;
  const images = { input_image_name: 'example/in', output_image_name: 'example/out' };
  return me.ask('POST', '/v1/apps', { name, ...images, ...more });
}

export const newBuild = ({ me }: CcmStory, more: object = {}): Promise<any> => me.ask('POST', '/v1/builds', more);

export const idsOf = (list: { items: any[] }, member = 'build_id'): string[] => list.items.map((item) => item[member]);
