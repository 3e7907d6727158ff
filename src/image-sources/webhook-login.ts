// Asks the webhook of an origin for a login: its answer is base64 of `username:password`.
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { readBounded } from '../lib/upstream.js';
import type { Upstream } from '../lib/upstream.js';
import { UpstreamFailure } from '../lib/upstream-failure.js';
import type { Login } from '../conversions/image-target.js';

const MAX_ANSWER_BYTES = 16 * 1024;
const TIMEOUT_MS = 30_000;

/** Throws JobFailure, or the signal's reason. */
export async function askWebhook(upstream: Upstream, url: string, signal: AbortSignal): Promise<Login> {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (!target || !/^https?:$/.test(target.protocol)) throw failure('The webhook of the image source is no URL.');
  const late = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const limits = { headersTimeoutMs: TIMEOUT_MS, bodyTimeoutMs: TIMEOUT_MS };
    const answer = await upstream.request(target, { ...limits, signal: AbortSignal.any([signal, late]) });
    const text = (await readBounded(answer.body, MAX_ANSWER_BYTES)).toString('utf8').trim();
    if (answer.status !== 200)
      throw failure(`The webhook at ${target.host} answered with the status ${answer.status}.`);
    return parseLogin(text, target.host);
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) throw unreachable(`The webhook at ${target.host} did not answer in time.`);
    throw error instanceof UpstreamFailure ? unreachable(error.message) : error;
  }
}

function parseLogin(text: string, host: string): Login {
  // Some quote it, as JSON.
  const plain = Buffer.from(text.replace(/^"|"$/g, ''), 'base64').toString('utf8');
  const [, username, password] = /^([^:]+):(.+)$/s.exec(plain) ?? [];
  if (username !== undefined && password !== undefined && /^[\x20-\x7e]+$/.test(plain)) return { username, password };
  throw failure(`The webhook at ${host} did not answer base64 of \`username:password\`.`);
}

const HINT = 'Check the URL in the origin of the image source.';

const failure = (message: string) => new JobFailure(JobFailureCode.REGISTRY_UNAUTHORIZED, message, HINT);
const unreachable = (message: string) => new JobFailure(JobFailureCode.REGISTRY_UNREACHABLE, message, HINT);
