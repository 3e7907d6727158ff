// Who the gateway is to one repository of a registry: nobody, a user name (Basic), or a token fetched from the realm
// the registry names (Bearer). Credentials go to the registry's own origin and to its realm, nowhere else.
import { discard, readBounded } from '../lib/upstream.js';
import type { UpstreamResponse } from '../lib/upstream.js';
import type { Challenge } from './auth-challenge.js';
import { registryFailure, unauthorized } from './registry-errors.js';
import type { RetryingUpstream } from './retrying-upstream.js';

const MAX_TOKEN_ANSWER_BYTES = 64 * 1024;
/** What a token lives where the realm does not say (distribution-spec's token authentication). */
const DEFAULT_TOKEN_SECONDS = 60;
/** A token is not used any more shortly before it ends, as the request takes its time too. */
const MARGIN_MS = 5_000;
const CLIENT_ID = 'build-catalog';

export interface Access {
  action: 'pull' | 'pull,push';
  /** Another repository of the registry, which a blob is taken over from. */
  from?: string;
}

export interface RegistryCredentials {
  username: string;
  password: string;
  /** Takes the place of both above: what `docker login` got from the realm of some registries (an OAuth2 refresh token). */
  identityToken?: string;
}

/** Where credentials come from when the registry asks for them; called again where they are refused later. */
export type RegistryLogin = (signal: AbortSignal) => Promise<RegistryCredentials>;

interface Token {
  authorization: string;
  endsAt: number;
}

export class RegistryAuth {
  private readonly tokens = new Map<string, Token>();
  private basic: string | undefined;

  constructor(
    private readonly upstream: RetryingUpstream,
    private readonly repository: string,
    private readonly login: RegistryLogin | undefined,
  ) {}

  /** The Authorization header to try, or undefined before the registry asked for one. */
  header(access: Access): string | undefined {
    const token = this.tokens.get(this.scopes(access).join(' '));
    return token && token.endsAt > Date.now() ? token.authorization : this.basic;
  }

  get hasCredentials(): boolean {
    return this.login !== undefined;
  }

  /** Answers a 401 of the registry: afterwards `header` gives what was asked for. Throws REGISTRY_UNAUTHORIZED. */
  async answer(challenges: Challenge[], access: Access, registry: URL, signal: AbortSignal): Promise<void> {
    const scopes = this.scopes(access);
    this.tokens.delete(scopes.join(' '));
    const credentials = await this.login?.(signal);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer) {
      const realm = realmOf(bearer, registry);
      const { service } = bearer.parameters;
      const query = new URLSearchParams(service === undefined ? {} : { service });
      for (const scope of scopes) query.append('scope', scope);
      const response = await this.askRealm(realm, query, credentials, { signal, namedBy: registry });
      this.tokens.set(scopes.join(' '), await this.readToken(response, registry.host));
    } else if (credentials && !credentials.identityToken && challenges.some(({ scheme }) => scheme === 'basic')) {
      this.basic = basicHeader(credentials);
    } else {
      throw unauthorized(registry.host, this.hasCredentials);
    }
  }

  private scopes({ action, from }: Access): string[] {
    const own = `repository:${this.repository}:${action}`;
    return from === undefined ? [own] : [own, `repository:${from}:pull`];
  }

  private askRealm(
    realm: URL,
    query: URLSearchParams,
    credentials: RegistryCredentials | undefined,
    asked: { signal: AbortSignal; namedBy: URL },
  ): Promise<UpstreamResponse> {
    const accept = { accept: 'application/json' };
    if (credentials?.identityToken) {
      // OAuth2 (RFC 6749, 6): one `scope` with spaces between.
      const scope = query.getAll('scope').join(' ');
      const grant = { grant_type: 'refresh_token', client_id: CLIENT_ID, refresh_token: credentials.identityToken };
      const body = new URLSearchParams({ ...grant, service: query.get('service') ?? '', scope }).toString();
      const headers = { ...accept, 'content-type': 'application/x-www-form-urlencoded' };
      return this.upstream.request(realm, { ...asked, method: 'POST', headers, body, isBodySecret: true });
    }
    for (const [name, value] of query) realm.searchParams.append(name, value);
    const headers = credentials ? { ...accept, authorization: basicHeader(credentials) } : accept;
    return this.upstream.request(realm, { ...asked, headers });
  }

  private async readToken(response: UpstreamResponse, host: string): Promise<Token> {
    const askedAt = Date.now();
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
