// Requests to one repository of a registry: finds out the scheme, answers the registry's demand for authorization
// once, and repeats what may be repeated when the registry stumbles.
import { setTimeout as delay } from 'node:timers/promises';
import { discard } from '../lib/upstream.js';
import type { Upstream, UpstreamRequest, UpstreamResponse } from '../lib/upstream.js';
import { UpstreamFailure } from '../lib/upstream-failure.js';
import { parseChallenges } from './auth-challenge.js';
import type { Action, RegistryAuth } from './registry-auth.js';
import { failureOf } from './registry-errors.js';

const RETRY_STATUSES = [429, 502, 503, 504];
const RETRY_DELAYS_MS = [250, 1_000];
const MAX_RETRY_AFTER_MS = 10_000;

export interface RegistryRequest extends UpstreamRequest {
  action: Action;
  signal: AbortSignal;
}

export class RegistrySession {
  private found: Promise<URL> | undefined;

  constructor(
    private readonly upstream: Upstream,
    /** With port, as it is connected to. */
    readonly host: string,
    private readonly auth: RegistryAuth,
  ) {}

  /** `target` is a path, or a URL that the registry gave; only its own origin gets the Authorization. */
  async request(target: string | URL, options: RegistryRequest): Promise<UpstreamResponse> {
    const { signal, action } = options;
    try {
      const origin = await this.origin(signal);
      const url = new URL(target, origin);
      const response = await this.attempt(url, origin, options);
      // Only the registry itself may ask: a host that it redirected to must not get its credentials.
      if (response.status !== 401 || response.url.origin !== origin.origin) return response;
      const challenges = parseChallenges(response.headers['www-authenticate']);
      discard(response.body);
      await this.auth.answer(challenges, action, origin, signal);
      return await this.attempt(url, origin, options);
    } catch (error) {
      signal.throwIfAborted();
      throw failureOf(error, this.host);
    }
  }

  /** A URL the registry gave for an upload: relative or absolute, but never plain http where the registry has TLS. */
  async resolveLocation(location: string, requested: URL): Promise<URL | undefined> {
    if (!URL.canParse(location, requested.href)) return undefined;
    const url = new URL(location, requested);
    const found = await this.found;
    // Registries behind a proxy that ends TLS often give their own address with the wrong scheme.
    if (found && url.hostname === found.hostname && url.protocol !== found.protocol) return swapOrigin(url, found);
    return url;
  }

  private async attempt(url: URL, origin: URL, options: RegistryRequest): Promise<UpstreamResponse> {
    const authorization = url.origin === origin.origin ? this.auth.header(options.action) : undefined;
    const headers = authorization === undefined ? options.headers : { ...options.headers, authorization };
    const repeatable = options.method === undefined || options.method === 'GET' || options.method === 'HEAD';
    for (let tries = 0; ; tries++) {
      const pauseMs = repeatable ? RETRY_DELAYS_MS[tries] : undefined;
      try {
        const response = await this.upstream.request(url, { ...options, headers });
        if (pauseMs === undefined || !RETRY_STATUSES.includes(response.status)) return response;
        discard(response.body);
        await delay(retryAfterMs(response) ?? pauseMs, undefined, { signal: options.signal });
      } catch (error) {
        const broken = error instanceof UpstreamFailure && error.kind === 'RESET';
        if (pauseMs === undefined || !broken) throw error;
        await delay(pauseMs, undefined, { signal: options.signal });
      }
    }
  }

  private origin(signal: AbortSignal): Promise<URL> {
    this.found ??= this.findOrigin(signal).catch((error: unknown) => {
      this.found = undefined;
      throw error;
    });
    return this.found;
  }

  /** https, and for hosts on the allow list plain http where nobody speaks TLS there. */
  private async findOrigin(signal: AbortSignal): Promise<URL> {
    const secure = new URL(`https://${this.host}`);
    const plain = new URL(`http://${this.host}`);
    if (!this.upstream.allows(secure) && !this.upstream.allows(plain)) return secure;
    try {
      discard((await this.upstream.request(new URL('/v2/', secure), { signal })).body);
      return secure;
    } catch (error) {
      const kind = error instanceof UpstreamFailure ? error.kind : undefined;
      // A host without a port has its plain http on another port, so nobody may listen on the one for TLS.
      // With credentials at stake a refused connection is not proof enough.
      const isElsewhere = kind === 'CONNECT' && secure.port === '' && !this.auth.hasCredentials;
      const noTls = kind === 'NOT_TLS' || isElsewhere;
      if (noTls && this.upstream.allows(plain)) return plain;
      throw error;
    }
  }
}

function swapOrigin(url: URL, origin: URL): URL {
  return new URL(`${url.pathname}${url.search}`, origin);
}

function retryAfterMs(response: UpstreamResponse): number | undefined {
  const text = response.headers['retry-after'];
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}
