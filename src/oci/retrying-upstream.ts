// Tries again what failed for a while only: with pauses that double, drawn at random so that many who failed together do
// not come back together, and never sooner than the server asked by Retry-After.
import { setTimeout as delay } from 'node:timers/promises';
import { discard } from '../lib/upstream.js';
import type { Upstream, UpstreamRequest, UpstreamResponse } from '../lib/upstream.js';
import { UpstreamFailure } from '../lib/upstream-failure.js';

export interface RetryPolicy {
  /** How often something is tried at most, the first time included. */
  tries: number;
  /** Longest pause before the second try; it doubles with each one after. */
  baseMs: number;
  /** Longest pause that is drawn. */
  maxMs: number;
  /** No try begins later than this after the first failure. */
  totalMs: number;
}

export interface RetryOptions {
  retry?: Partial<RetryPolicy>;
  /** Told one sentence without secrets before each pause. */
  onRetry?: (message: string) => void;
}

const POLICY: RetryPolicy = { tries: 5, baseMs: 500, maxMs: 20_000, totalMs: 180_000 };
const RETRY_STATUSES = [408, 429, 502, 503, 504];

export class RetryingUpstream {
  private readonly policy: RetryPolicy;
  private readonly reached = new Set<string>();

  constructor(
    private readonly upstream: Upstream,
    private readonly options: RetryOptions = {},
  ) {
    this.policy = { ...POLICY, ...options.retry };
  }

  allows(url: URL): boolean {
    return this.upstream.allows(url);
  }

  /** Upstream's own request, tried again; for what may be sent twice. */
  request(url: URL, options: UpstreamRequest): Promise<UpstreamResponse> {
    return this.run(url.host, () => this.once(url, options), options.signal);
  }

  once(url: URL, options: UpstreamRequest): Promise<UpstreamResponse> {
    return this.upstream.request(url, options);
  }

  /** The first answer that is none of those to try again after (undefined is none), else the last one. */
  async run<T extends UpstreamResponse | undefined>(
    host: string,
    work: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    for (const attempts = this.attempts(); ;) {
      try {
        const response = await work();
        this.reached.add(host);
        if (!response || !RETRY_STATUSES.includes(response.status)) return response;
        const pauseMs = attempts.pauseMs(retryAfterMs(response.headers));
        if (pauseMs === undefined) return response;
        discard(response.body);
        await attempts.wait(pauseMs, `${host} answered with the status ${response.status}.`, signal);
      } catch (error) {
        signal?.throwIfAborted();
        const pauseMs = this.isTemporary(error, host) ? attempts.pauseMs() : undefined;
        if (pauseMs === undefined) throw error;
        await attempts.wait(pauseMs, (error as Error).message, signal);
      }
    }
  }

  attempts(): Attempts {
    return new Attempts(this.policy, this.options.onRetry);
  }

  /** A host that refuses connections may be written wrong, but not where it has answered before: it restarts then. */
  private isTemporary(error: unknown, host: string): boolean {
    if (!(error instanceof UpstreamFailure)) return false;
    return error.isTemporary || (error.kind === 'CONNECT' && this.reached.has(host));
  }
}

/** The tries of one piece of work. */
export class Attempts {
  private failures = 0;
  private firstFailureAt = 0;

  constructor(
    private readonly policy: RetryPolicy,
    private readonly onRetry?: (message: string) => void,
  ) {}

  /** How long to wait after a failure; undefined where it is the last one. */
  pauseMs(askedMs?: number): number | undefined {
    const { tries, baseMs, maxMs, totalMs } = this.policy;
    this.failures++;
    if (this.failures === 1) this.firstFailureAt = Date.now();
    const drawn = Math.random() * Math.min(maxMs, baseMs * 2 ** (this.failures - 1));
    const pauseMs = askedMs === undefined ? drawn : askedMs + Math.random() * Math.min(maxMs, baseMs);
    const isLate = Date.now() + pauseMs > this.firstFailureAt + totalMs;
    return this.failures >= tries || isLate ? undefined : pauseMs;
  }

  async wait(pauseMs: number, why: string, signal?: AbortSignal): Promise<void> {
    const { tries } = this.policy;
    this.onRetry?.(`${why} Trying again in ${(pauseMs / 1000).toFixed(1)} s (${this.failures + 1} of ${tries}).`);
    await delay(pauseMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}

/** How long a server asks to be left alone; undefined where it does not. */
export function retryAfterMs(headers: Record<string, string | string[] | undefined>): number | undefined {
  const text = headers['retry-after'];
  if (typeof text !== 'string') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
