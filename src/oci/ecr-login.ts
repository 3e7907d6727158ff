// Exchanges AWS credentials for a login to Amazon's registry (ECR, GetAuthorizationToken), so that an access key can be
// given like any user name and password. Only what a request or a stored login holds is used, never the gateway's own
// AWS environment: whoever may name an image could read every repository that the operator's role may read.
import { sign } from 'aws4';
import { readBounded } from '../lib/upstream.js';
import type { UpstreamResponse } from '../lib/upstream.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { RegistryCredentials, RegistryLogin } from './registry-auth.js';
import { failureOf, registryFailure } from './registry-errors.js';
import type { RetryingUpstream } from './retrying-upstream.js';

const HOST = /^\d{12}\.dkr\.ecr(-fips)?\.([a-z0-9-]{1,40})\.(amazonaws\.com(?:\.cn)?)(?::\d{1,5})?$/;
const ACCESS_KEY_ID = /^(?:AKIA|ASIA)[A-Z0-9]{16}$/;
const TARGET = 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken';
const MAX_ANSWER_BYTES = 64 * 1024;
/** A login is not used any more this long before it ends (Amazon's live for 12 hours). */
const MARGIN_MS = 5 * 60_000;

interface Key {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

interface Service {
  region: string;
  endpoint: URL;
}

/**
 * Undefined where the host is not Amazon's or the user name is no access key id. The password is the secret access key,
 * with `:` and the session token behind it for temporary credentials.
 */
export function ecrLogin(
  upstream: RetryingUpstream,
  host: string,
  { username, password }: RegistryCredentials,
  endpoint?: string,
): RegistryLogin | undefined {
  const [, fips, region, domain] = HOST.exec(host) ?? [];
  if (region === undefined || !ACCESS_KEY_ID.test(username)) return undefined;
  const [secretAccessKey = '', ...rest] = password.split(':');
  const key: Key = { accessKeyId: username, secretAccessKey };
  if (rest.length > 0) key.sessionToken = rest.join(':');
  const own = `https://${fips ? 'ecr-fips' : 'api.ecr'}.${region}.${domain}`;
  const service = { region, endpoint: new URL('/', endpoint ?? own) };
  let known: { credentials: RegistryCredentials; endsAt: number } | undefined;
  return async (signal) => {
    if (!known || known.endsAt < Date.now()) known = await exchange(upstream, service, key, signal);
    return known.credentials;
  };
}

async function exchange(upstream: RetryingUpstream, service: Service, key: Key, signal: AbortSignal) {
  const { endpoint } = service;
  let response: UpstreamResponse;
  let bytes: Buffer;
  try {
    // Signed anew for each try: a signature holds the time.
    const send = () => upstream.once(endpoint, { ...signed(service, key), method: 'POST', signal });
    response = await upstream.run(endpoint.host, send, signal);
    bytes = await readBounded(response.body, MAX_ANSWER_BYTES);
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(error, endpoint.host);
  }
  const answer = objectOf(bytes);
  if (response.status !== 200) throw refusalOf(response.status, answer.__type, service);
  return readLogin(answer);
}

function signed({ region, endpoint }: Service, key: Key) {
  const body = '{}';
  const { headers } = sign(
    {
      ...{ host: endpoint.host, path: '/', method: 'POST', service: 'ecr', region, body },
      headers: { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': TARGET },
    },
    key,
  );
  return { headers: headers as Record<string, string>, body };
}

function readLogin(answer: Record<string, unknown>) {
  const [data] = Array.isArray(answer.authorizationData) ? (answer.authorizationData as unknown[]) : [];
  const { authorizationToken, expiresAt } = (data ?? {}) as Record<string, unknown>;
  const plain = typeof authorizationToken === 'string' ? Buffer.from(authorizationToken, 'base64').toString() : '';
  const [, username, password] = /^([^:]+):([\x21-\x7e]+)$/.exec(plain) ?? [];
  if (username === undefined || password === undefined) throw registryFailure('ECR answered without a login.');
  const endsAt = typeof expiresAt === 'number' ? expiresAt * 1000 : Date.now();
  return { credentials: { username, password }, endsAt: endsAt - MARGIN_MS };
}

const HINTS: Record<string, string> = {
  UnrecognizedClientException: 'AWS does not know the access key id, or the session token is wrong.',
  InvalidSignatureException: 'Check the secret access key; it may also be that the clock of the gateway is wrong.',
  ExpiredTokenException: 'The temporary credentials have expired: get new ones.',
  AccessDeniedException: 'Allow ecr:GetAuthorizationToken to the owner of the access key.',
};

function refusalOf(status: number, type: unknown, { endpoint }: Service): JobFailure {
  const [, name = ''] = /([A-Za-z]{1,60})$/.exec(typeof type === 'string' ? type.slice(-200) : '') ?? [];
  const told = `${endpoint.host} answered the request for a login with the status ${status}${name && ` (${name})`}.`;
  if (status >= 500 || status === 429 || /Throttl/.test(name)) return registryFailure(told);
  const hint = HINTS[name] ?? 'Check the access key and its right to ecr:GetAuthorizationToken.';
  return new JobFailure(JobFailureCode.REGISTRY_UNAUTHORIZED, told, hint);
}

function objectOf(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
