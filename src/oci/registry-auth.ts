// Who the gateway is to one repository of a registry: nobody, a user name (Basic), or a token fetched from the realm
// the registry names (Bearer). Credentials go to the registry's own origin and to its realm, nowhere else.
import type { Upstream } from '../lib/upstream.js';
import { discard, readBounded } from '../lib/upstream.js';
import type { Challenge } from './auth-challenge.js';
import { registryFailure, unauthorized } from './registry-errors.js';

const MAX_TOKEN_ANSWER_BYTES = 64 * 1024;
/** What a token lives where the realm does not say (distribution-spec's token authentication). */
const DEFAULT_TOKEN_SECONDS = 60;
/** A token is not used any more shortly before it ends, as the request takes its time too. */
const MARGIN_MS = 5_000;

export type Action = 'pull' | 'pull,push';

export interface RegistryCredentials {
  username: string;
  password: string;
}

interface Token {
  authorization: string;
  endsAt: number;
}

export class RegistryAuth {
  private readonly tokens = new Map<Action, Token>();
  private basic: string | undefined;

  constructor(
    private readonly upstream: Upstream,
    private readonly repository: string,
    private readonly credentials: RegistryCredentials | undefined,
  ) {}

  /** The Authorization header to try, or undefined before the registry asked for one. */
  header(action: Action): string | undefined {
    const token = this.tokens.get(action);
    return token && token.endsAt > Date.now() ? token.authorization : this.basic;
  }

  get hasCredentials(): boolean {
    return this.credentials !== undefined;
  }

  /** Answers a 401 of the registry: afterwards `header` gives what was asked for. Throws REGISTRY_UNAUTHORIZED. */
  async answer(challenges: Challenge[], action: Action, registry: URL, signal: AbortSignal): Promise<void> {
    this.tokens.delete(action);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer) {
      this.tokens.set(action, await this.fetchToken(bearer, action, registry, signal));
    } else if (this.credentials && challenges.some(({ scheme }) => scheme === 'basic')) {
      this.basic = basicHeader(this.credentials);
    } else {
      throw unauthorized(registry.host, this.hasCredentials);
    }
  }

  private async fetchToken(challenge: Challenge, action: Action, registry: URL, signal: AbortSignal): Promise<Token> {
    const { host } = registry;
    const realm = realmOf(challenge, registry);
    const { service } = challenge.parameters;
    if (service !== undefined) realm.searchParams.set('service', service);
    realm.searchParams.append('scope', `repository:${this.repository}:${action}`);
    const headers: Record<string, string> = { accept: 'application/json' };
    if (this.credentials) headers.authorization = basicHeader(this.credentials);
    const askedAt = Date.now();
    const response = await this.upstream.request(realm, { headers, signal });
    if (response.status === 200) return parseToken(await readBounded(response.body, MAX_TOKEN_ANSWER_BYTES), askedAt);
    discard(response.body);
    if (response.status < 500 && response.status !== 429) throw unauthorized(host, this.hasCredentials);
    throw registryFailure(`The token service of ${host} answered with the status ${response.status}.`);
  }
}

function basicHeader({ username, password }: RegistryCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Of https, unless the registry itself has none; Upstream then refuses hosts that are not on the allow list. */
function realmOf(challenge: Challenge, registry: URL): URL {
  const { realm = '' } = challenge.parameters;
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (url?.protocol !== 'https:' && (url?.protocol !== 'http:' || registry.protocol !== 'http:')) {
    throw registryFailure(`${registry.host} names no valid token service, or one without TLS.`);
  }
  url.hash = '';
  return url;
}

function parseToken(bytes: Buffer, askedAt: number): Token {
  const answer = jsonObject(bytes.toString('utf8'));
  const token = answer.token || answer.access_token;
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw registryFailure('The token service of the registry answered without a token.');
  }
  const seconds = Number(answer.expires_in);
  const lifetimeMs = (seconds > 0 ? seconds : DEFAULT_TOKEN_SECONDS) * 1000;
  return { authorization: `Bearer ${token}`, endsAt: askedAt + lifetimeMs - Math.min(MARGIN_MS, lifetimeMs / 10) };
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
