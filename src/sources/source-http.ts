// Requests to one source during one run: all through Upstream, with its guard of addresses and its proxies; counted,
// bounded, and sent again where the source asks for time. Once it does, everything of the run waits.
import { setTimeout as delay } from 'node:timers/promises';
import { Attempts, retryAfterMs } from '../oci/retrying-upstream.js';
import type { RetryPolicy } from '../oci/retrying-upstream.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { isDeeperThan } from '../lib/json.js';
import { redactor } from '../lib/redact.js';
import { readBounded } from '../lib/upstream.js';
import type { Upstream, UpstreamRequest } from '../lib/upstream.js';
import { UpstreamFailure } from '../lib/upstream-failure.js';
import { onOneLine } from './one-line.js';

const POLICY: RetryPolicy = { tries: 6, baseMs: 500, maxMs: 20_000, totalMs: 300_000 };
const RETRY_STATUSES = [408, 425, 429, 500, 502, 503, 504];
/** A page of a hundred of the largest documents. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_DEPTH = 64;
/** Small values take far more memory than their text. */
const MAX_VALUES = 3_000_000;
const COMMA = ','.charCodeAt(0);
const HEADERS_TIMEOUT_MS = 60_000;
/** Of one that comes drop by drop. */
const ANSWER_TIMEOUT_MS = 300_000;

export interface SourceAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface SourceHttpOptions {
  signal: AbortSignal;
  retry?: Partial<RetryPolicy>;
  onRetry?: (message: string) => void;
  answerTimeoutMs?: number;
  /** Taken out of what a server wrote. */
  secrets?: readonly string[];
}

/** The source asks for time, or broke off: the same may succeed a little later. */
export class TryLater extends Error {
  constructor(
    readonly failure: JobFailure,
    readonly afterMs?: number,
    /** Undefined where there was no answer. */
    readonly status?: number,
  ) {
    super(failure.message);
  }
}

export class SourceHttp {
  /** How many were sent. */
  requests = 0;
  /** Until when the source asked for time, in milliseconds; 0 where it never did. */
  quietUntil = 0;
  private openAt = 0;
  private hasAnswered = false;
  private readonly policy: RetryPolicy;
  private readonly secrets: string[];

  constructor(
    private readonly upstream: Upstream,
    private readonly options: SourceHttpOptions,
  ) {
    this.secrets = [...(options.secrets ?? [])];
    this.policy = { ...POLICY, ...options.retry };
  }

  get signal(): AbortSignal {
    return this.options.signal;
  }

  /** Any status that says nothing of time. Throws JobFailure. Only for what may be sent twice. */
  send(url: URL, request: UpstreamRequest = {}): Promise<SourceAnswer> {
    return this.retrying(() => this.once(url, request));
  }

  /** Runs it until it throws no TryLater, or too often one. */
  async retrying<T>(work: () => Promise<T>): Promise<T> {
    const attempts = new Attempts(this.policy, this.options.onRetry);
    for (;;) {
      try {
        return await work();
      } catch (error) {
        this.signal.throwIfAborted();
        if (!(error instanceof TryLater)) throw error;
        const pauseMs = attempts.pauseMs(error.afterMs);
        if (pauseMs === undefined) throw error.failure;
        // Whatever else this run wants to ask waits too.
        this.openAt = Math.max(this.openAt, Date.now() + pauseMs);
        await attempts.wait(pauseMs, error.message, this.signal);
      }
    }
  }

  /** One request; throws TryLater and JobFailure. */
  async once(url: URL, request: UpstreamRequest): Promise<SourceAnswer> {
    await this.turn();
    this.requests++;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS);
    const signal = AbortSignal.any([this.signal, late.signal]);
    try {
      const answer = await this.upstream.request(url, { headersTimeoutMs: HEADERS_TIMEOUT_MS, ...request, signal });
      const body = await readBounded(answer.body, MAX_ANSWER_BYTES);
      this.hasAnswered = true;
      const { status, headers } = answer;
      if (!RETRY_STATUSES.includes(status)) return { status, headers, body };
      const afterMs = retryAfterMs(headers);
      this.quietUntil = Math.max(this.quietUntil, afterMs === undefined ? 0 : Date.now() + afterMs);
      throw new TryLater(unreachable(`${url.host} answered with the status ${status}.`), afterMs, status);
    } catch (error) {
      this.signal.throwIfAborted();
      if (late.signal.aborted) throw new TryLater(unreachable(`${url.host} took too long for an answer.`));
      throw sourceFailure(error, this.hasAnswered);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A text of the source, short and without what it was sent in secret. */
  quoted(text: string): string {
    return onOneLine(redactor(this.secrets)(text), MAX_QUOTED);
  }

  /** Keeps a secret of the source, or that it told, out of what is quoted from now on. */
  hide(...secrets: string[]): void {
    this.secrets.push(...secrets);
  }

  private async turn(): Promise<void> {
    for (let waitMs = this.openAt - Date.now(); waitMs > 0; waitMs = this.openAt - Date.now())
      await delay(waitMs, undefined, { signal: this.signal }).catch(() => this.signal.throwIfAborted());
  }
}

const MAX_QUOTED = 300;

/** The JSON of an answer; throws JobFailure where it is none, or has more values than the memory for them. */
export function jsonOf({ body }: SourceAnswer, host: string): unknown {
  checkValues(body, host);
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw invalid(`${host} answered something that is no JSON.`);
  }
  if (isDeeperThan(value, MAX_DEPTH)) throw invalid(`${host} answered JSON of more than ${MAX_DEPTH} levels.`);
  return value;
}

/**
 * Throws JobFailure for JSON that has more values than memory for them. Each value but the first of its list or object
 * has a comma before it; those within texts count too.
 */
export function checkValues(body: Buffer, host: string): void {
  let values = 0;
  for (let at = body.indexOf(COMMA); at >= 0; at = body.indexOf(COMMA, at + 1)) {
    values += 1;
    if (values > MAX_VALUES) throw invalid(`${host} answered JSON of more than ${MAX_VALUES} values.`);
  }
}

const unreachable = (message: string) =>
  new JobFailure(
    JobFailureCode.SOURCE_UNREACHABLE,
    message,
    'Look at the source; the next import goes on by itself where one is scheduled.',
  );

export const invalid = (message: string) =>
  new JobFailure(
    JobFailureCode.SOURCE_INVALID,
    message,
    'Look whether the endpoint of the source is the right one, and what stands between it and the gateway.',
  );

export const unauthorized = (message: string, hint: string) =>
  new JobFailure(JobFailureCode.SOURCE_UNAUTHORIZED, message, hint);

/** @param hasAnswered a server that refuses connections may be written wrong, but not where it answered before */
function sourceFailure(error: unknown, hasAnswered: boolean): unknown {
  if (error instanceof UpstreamFailure) {
    if (error.kind === 'TOO_LARGE') return invalid(error.message);
    const failure = unreachable(error.message);
    const isTemporary = error.isTemporary || (error.kind === 'CONNECT' && hasAnswered);
    return isTemporary ? new TryLater(failure) : failure;
  }
  if (!(error instanceof JobFailure) || error.code !== JobFailureCode.REGISTRY_FORBIDDEN_ADDRESS) return error;
  const hint = 'Name its host in UPSTREAM_ALLOW, if the gateway may connect to it.';
  return new JobFailure(JobFailureCode.SOURCE_FORBIDDEN_ADDRESS, error.message, hint);
}
