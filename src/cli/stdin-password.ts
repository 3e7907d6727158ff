// A password on standard input, as `docker login --password-stdin` takes it: one line, whose end is not part of it.
import { addAbortSignal } from 'node:stream';
import { UsageError } from './failure.js';

const MAX_BYTES = 64 * 1024;

export async function readPassword(signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of addAbortSignal(signal, process.stdin) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new UsageError(`The password has more than ${MAX_BYTES} bytes.`);
  }
  const password = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (password === '') throw new UsageError('There is no password on standard input.');
  return password;
}
