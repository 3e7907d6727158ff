// Passes a blob on and checks its size and sha256 to the very end: the stream ends in an error where they are wrong,
// so whoever waits for its end has the right bytes. A body that is too long is dropped at the first byte too many.
import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { Descriptor } from './image-repository.js';

const BUFFERED_BYTES = 1024 * 1024;

export function digestMismatch(message: string): JobFailure {
  return new JobFailure(
    JobFailureCode.DIGEST_MISMATCH,
    message,
    'The content was damaged or exchanged on its way or in the registry: try again, then push the image again.',
  );
}

export function sha256Digest(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export interface VerifiedOptions {
  signal?: AbortSignal;
  /** Turns an error of the body, a connection that broke off say, into one for the job. */
  explain?: (error: Error, received: number) => Error;
}

export function verified(body: Readable, blob: Descriptor, { signal, explain }: VerifiedOptions = {}): Readable {
  const hash = createHash('sha256');
  let received = 0;
  const checked = new Transform({
    highWaterMark: BUFFERED_BYTES,
    signal,
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      if (received > blob.size) return done(digestMismatch(`${blob.digest} is longer than its ${blob.size} bytes.`));
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      if (received < blob.size) {
        return done(digestMismatch(`${blob.digest} ended after ${received} of ${blob.size} bytes.`));
      }
      const digest = `sha256:${hash.digest('hex')}`;
      done(digest === blob.digest ? null : digestMismatch(`${blob.digest} came with the digest ${digest}.`));
    },
  });
  // Not `pipeline`, which would pass the body's own error on: a reader that comes late sees the error as it was given.
  const fail = (error: Error) => {
    checked.destroy(explain && !(error instanceof JobFailure) ? explain(error, received) : error);
  };
  body.once('error', fail);
  body.once('close', () => {
    if (!body.readableEnded) fail(new Error('The body ended before its time'));
  });
  checked.once('close', () => body.destroy());
  checked.on('error', () => undefined);
  return body.pipe(checked);
}
