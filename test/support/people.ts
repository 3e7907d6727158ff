// People at a gateway, over CCM's paths.
import type { TestGateway } from './gateway.js';

export const PASSWORD = 'correct horse battery';

export interface Answer {
  status: number;
  headers: Headers;
  body: any;
}

export async function call(
  { url }: Pick<TestGateway, 'url'>,
  method: string,
  path: string,
  { token, body, headers = {} }: { token?: string; body?: object; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const init = { method, headers: { ...authorization, ...headers }, body: body && JSON.stringify(body) };
  const response = await fetch(url + path, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

export const basic = (email: string, password = PASSWORD) => ({
  authorization: `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`,
});

export const signIn = (gateway: Pick<TestGateway, 'url'>, email: string, password = PASSWORD): Promise<Answer> =>
  call(gateway, 'POST', '/v1/sys/auth', {
    headers: { ...basic(email, password), 'content-type': 'application/json', 'content-length': '0' },
  });

/** A user that a manager made, signed in; in the manager's account. */
export async function newMember(
  gateway: TestGateway,
  email: string,
  role = 'READER',
): Promise<{ id: string; token: string }> {
  const { body: user } = await call(gateway, 'POST', '/v1/users', {
    token: gateway.token,
    body: { user_email: email, user_password: PASSWORD },
  });
  await call(gateway, 'PATCH', `/v1/users/${user.user_id}`, { token: gateway.token, body: { roles: [role] } });
  const { body } = await signIn(gateway, email);
  return { id: user.user_id, token: body.access_token };
}
