// Requests to one repository of a registry: finds out the scheme, answers the registry's demand for authorization
// once, and has tried again what failed for a while only.
import { discard } from '../lib/upstream.js';
import type { UpstreamRequest, UpstreamResponse } from '../lib/upstream.js';
import { UpstreamFailure } from '../lib/upstream-failure.js';
import { parseChallenges } from './auth-challenge.js';
import type { Access, RegistryAuth } from './registry-auth.js';
import { failureOf } from './registry-errors.js';
import type { Attempts, RetryingUpstream } from './retrying-upstream.js';

export interface RegistryRequest extends UpstreamRequest, Access {
  signal: AbortSignal;
}

export class RegistrySession {
  private found: Promise<URL> | undefined;

  constructor(
    private readonly upstream: RetryingUpstream,
    /** With port, as it is connected to. */
    readonly host: string,
    private readonly auth: RegistryAuth,
  ) {}

  /** `target` is a path, or a URL that the registry gave; only its own origin gets the Authorization. */
  async request(target: string | URL, options: RegistryRequest): Promise<UpstreamResponse> {
    const send = (url: URL, request: UpstreamRequest) => this.upstream.request(url, request);
    return this.translated(() => this.exchange(target, options, send), options.signal);
  }

  /** For what can't be sent again as it is: throws an UpstreamFailure, which `retrying` around it understands. */
  async requestOnce(target: string | URL, options: RegistryRequest): Promise<UpstreamResponse> {
    return this.exchange(target, options, (url, request) => this.upstream.once(url, request));
  }

  /** Does all of `work` again where its last request failed for a while only. */
  async retrying<T extends UpstreamResponse | undefined>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.translated(() => this.upstream.run(this.host, work, signal), signal);
  }

  attempts(): Attempts {
    return this.upstream.attempts();
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

  private async translated<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw failureOf(error, this.host);
    }
  }

  private async exchange(
    target: string | URL,
    options: RegistryRequest,
    send: (url: URL, request: UpstreamRequest) => Promise<UpstreamResponse>,
  ): Promise<UpstreamResponse> {
    const origin = await this.origin(options.signal);
    const url = new URL(target, origin);
    const attempt = () => {
      const authorization = url.origin === origin.origin ? this.auth.header(options) : undefined;
      const headers = authorization === undefined ? options.headers : { ...options.headers, authorization };
      return send(url, { ...options, headers, ...(url.origin !== origin.origin && { namedBy: origin }) });
    };
    const response = await attempt();
    // Only the registry itself may ask: a host that it redirected to must not get its credentials.
    if (response.status !== 401 || response.url.origin !== origin.origin) return response;
    const challenges = parseChallenges(response.headers['www-authenticate']);
    discard(response.body);
    await this.auth.answer(challenges, options, origin, options.signal);
    return attempt();
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
    const probe = async () => discard((await this.upstream.once(new URL('/v2/', secure), { signal })).body);
    try {
      await this.upstream.run(this.host, () => probe().then(() => undefined), signal);
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
