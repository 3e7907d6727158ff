// Bodies of requests as they come, of whatever length and for as long as something comes; and the time that all other
// bodies may take.
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CatalogError } from '../lib/errors.js';

const BODY_MS = 5 * 60 * 1000;
/** A connection that sends nothing of a streamed body for so long is given up. */
const SILENCE_MS = 2 * 60 * 1000;
/** A client that is still sending when it is answered may take so long to see the answer. */
const LINGER_MS = 10_000;
const BUFFERED_BYTES = 1024 * 1024;

/**
 * The body; it may be left unread or given up without cutting the client off. Ends in a BAD_USER_INPUT where cut off,
 * also where that was before.
 */
export function bodyStream(request: IncomingMessage, response: ServerResponse): Readable {
  const body = new PassThrough({ highWaterMark: BUFFERED_BYTES });
  body.on('error', () => undefined);
  // Not where it is merely complete: what came but was not read yet is lost with the connection.
  const breakOff = () => {
    if (!request.readableEnded) body.destroy(new CatalogError('BAD_USER_INPUT', 'The body ended before its time.'));
  };
  if (request.destroyed) {
    breakOff();
    return body;
  }
  request.once('error', breakOff);
  request.once('close', breakOff);
  const { socket } = request;
  socket.setTimeout(SILENCE_MS);
  // Once it is answered the server has set the time that a connection may be idle.
  request.once('end', () => {
    if (!response.writableFinished) socket.setTimeout(0);
  });
  return request.pipe(body);
}

/** Reads on for a moment after an early answer, so that the client comes to see it; then cuts it off. */
export function endWithAnswer(request: IncomingMessage, response: ServerResponse): void {
  response.once('finish', () => {
    if (request.complete) return;
    request.unpipe();
    request.resume();
    const timer = setTimeout(() => request.destroy(), LINGER_MS).unref();
    request.once('close', () => clearTimeout(timer));
  });
}

/** Cuts a request off whose body does not come. */
export function limitBodyTime(request: IncomingMessage): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  if (length === '0' && encoding === undefined) return;
  const timer = setTimeout(() => request.destroy(), BODY_MS).unref();
  const clear = () => clearTimeout(timer);
  request.once('end', clear);
  request.once('close', clear);
}
