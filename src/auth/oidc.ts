// Tokens of an OpenID Connect issuer: verified with its keys, cached until they end, and read for what they grant.
import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey } from 'jose';
import { badInput, CatalogError } from '../lib/errors.js';
import { readBounded } from '../lib/upstream.js';
import type { Upstream } from '../lib/upstream.js';
import type { Role } from './principal.js';

/** Who has the claim gets the role in the account. */
export interface OidcRule {
  /** Name of the claim, dots for members; everyone with a valid token where left out. */
  claim?: string;
  /** What the claim is, or has among its values. */
  value?: string;
  /** Id of the account; `default` for the one that the first start made, whatever its name is. */
  account: string;
  role: Role;
}

export interface OidcClient {
  id: string;
  secret: string;
  authorizationUrl: string;
  tokenUrl: string;
  redirectUrl: string;
}

export interface OidcConfig {
  issuer: string;
  audience: string;
  /** URL of a JWKS, or a file with a JWKS or a public key (PEM). */
  keys: string;
  rules: OidcRule[];
  /** For signing in by code; undefined where only tokens are taken. */
  client?: OidcClient;
}

export interface ExternalIdentity {
  issuer: string;
  subject: string;
  /** Undefined where the token tells none that the issuer verified. */
  email?: string;
  firstName?: string;
  lastName?: string;
  grants: { account: string; role: Role }[];
  issuedAt: Date;
  expiresAt: Date;
}

/** None that shares a secret, which would let whoever verifies sign too. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const CLOCK_TOLERANCE_SECONDS = 30;
const MAX_CACHED = 10_000;
const MAX_KEYS_BYTES = 256 * 1024;
const MAX_TOKEN_ANSWER_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;

export class Oidc {
  private readonly keys: JWTVerifyGetKey;
  private readonly verified = new Map<string, ExternalIdentity>();

  constructor(
    readonly config: OidcConfig,
    private readonly upstream: Upstream,
  ) {
    try {
      this.keys = keysOf(config.keys, upstream);
    } catch {
      throw new Error('OIDC_KEYS must be the URL of a JWKS, or a file with a JWKS or a public key (PEM)');
    }
  }

  /** Throws UNAUTHENTICATED for a token that is not the issuer's, and UPSTREAM_FAILED where its keys can't be had. */
  async verify(token: string): Promise<ExternalIdentity> {
    const hash = createHash('sha256').update(token).digest('hex');
    const known = this.verified.get(hash);
    if (known && known.expiresAt.getTime() > Date.now()) return known;
    const identity = this.identityOf(await this.payloadOf(token, this.config.audience));
    if (this.verified.size >= MAX_CACHED) this.verified.delete(this.verified.keys().next().value!);
    this.verified.set(hash, identity);
    return identity;
  }

  /** Whoever the issuer gave the code to. Throws UNAUTHENTICATED, and UPSTREAM_FAILED where the issuer can't be had. */
  async exchange(client: OidcClient, code: string): Promise<ExternalIdentity> {
    const form = { grant_type: 'authorization_code', code, redirect_uri: client.redirectUrl };
    const basic = [client.id, client.secret].map(encodeURIComponent).join(':');
    const headers = {
      authorization: `Basic ${Buffer.from(basic).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    const answer = await this.fetchJson(client.tokenUrl, { headers, body: new URLSearchParams(form).toString() });
    const { id_token: token } = (answer ?? {}) as { id_token?: unknown };
    if (typeof token !== 'string') throw new CatalogError('UNAUTHENTICATED', 'The issuer does not know this code.');
    return this.identityOf(await this.payloadOf(token, client.id));
  }

  private async payloadOf(token: string, audience: string): Promise<JWTPayload> {
    const { issuer } = this.config;
    const options = { issuer, audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_SECONDS };
    try {
      const required = { ...options, requiredClaims: ['sub', 'exp', 'iat'] };
      return (await jwtVerify(token, this.keys, required)).payload;
    } catch (error) {
      if (error instanceof CatalogError) throw error;
      // A set that can't be read is the issuer's fault, all else the token's.
      const isTheirs = error instanceof errors.JWKSInvalid || error instanceof errors.JWKSTimeout;
      if (isTheirs) throw new CatalogError('UPSTREAM_FAILED', 'The keys of the issuer can not be read.');
      if (error instanceof errors.JOSEError)
        throw new CatalogError('UNAUTHENTICATED', `The token is refused: ${error.code}.`);
      throw error;
    }
  }

  private identityOf(payload: JWTPayload): ExternalIdentity {
    const { sub, exp, iat, email, email_verified: isVerified, given_name: first, family_name: last } = payload;
    const subject = sub!;
    if (subject.length > 255)
      throw new CatalogError('UNAUTHENTICATED', 'The token is refused: its subject is too long.');
    return {
      issuer: this.config.issuer,
      subject,
      ...(typeof email === 'string' && isVerified === true && { email: email.toLowerCase() }),
      ...(typeof first === 'string' && { firstName: first.slice(0, 255) }),
      ...(typeof last === 'string' && { lastName: last.slice(0, 255) }),
      grants: this.config.rules.filter((rule) => holds(rule, payload)),
      issuedAt: new Date(iat! * 1000),
      // As long as it is taken: else every request of its last seconds would be a sign-in.
      expiresAt: new Date((exp! + CLOCK_TOLERANCE_SECONDS) * 1000),
    };
  }

  private async fetchJson(url: string, post: { headers: Record<string, string>; body: string }): Promise<unknown> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { status, body } = await this.upstream.request(url, { method: 'POST', ...post, signal });
      const text = (await readBounded(body, MAX_TOKEN_ANSWER_BYTES)).toString('utf8');
      if (status >= 400 && status < 500) return undefined;
      return JSON.parse(text) as unknown;
    } catch {
      throw new CatalogError('UPSTREAM_FAILED', 'The issuer does not answer.');
    }
  }
}

function keysOf(source: string, upstream: Upstream): JWTVerifyGetKey {
  if (/^https?:\/\//.test(source)) {
    const fetchKeys = async (url: string) => {
      const { status, body } = await upstream.request(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      const bytes = await readBounded(body, MAX_KEYS_BYTES);
      if (status !== 200) throw new Error(`The issuer answers ${status}`);
      return new Response(new Uint8Array(bytes));
    };
    const guarded = (url: string) =>
      fetchKeys(url).catch(() => {
        throw new CatalogError('UPSTREAM_FAILED', 'The keys of the issuer can not be fetched.');
      });
    return createRemoteJWKSet(new URL(source), { [customFetch]: guarded, timeoutDuration: TIMEOUT_MS });
  }
  const text = readFileSync(source, 'utf8');
  if (text.trimStart().startsWith('{')) return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
  const key = createPublicKey(text);
  return () => Promise.resolve(key as never);
}

function holds({ claim, value }: OidcRule, payload: JWTPayload): boolean {
  if (claim === undefined) return true;
  let found: unknown = payload;
  // Names may have dots of their own: some issuers demand URLs.
  for (const part of Object.hasOwn(payload, claim) ? [claim] : claim.split('.')) {
    const isThere = typeof found === 'object' && found !== null && Object.hasOwn(found, part);
    found = isThere ? (found as Record<string, unknown>)[part] : undefined;
  }
  return [found].flat().some((one) => String(one) === value && one !== undefined);
}

/** Throws BAD_USER_INPUT where a code is of another issuer. */
export function requireIssuer({ issuer }: OidcConfig, idpId: string): void {
  if (idpId !== idpIdOf(issuer)) throw badInput('This issuer is not configured here.', 'oauthAuthCode', 'idpId');
}

/** How clients name the issuer: base64 of its name. */
export const idpIdOf = (issuer: string): string => Buffer.from(issuer).toString('base64');
