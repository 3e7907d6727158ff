// Structured logs on standard error, one JSON line each. What may hold a secret is redacted by name; of an error only
// what can hold none is told, since a database's errors carry the values of whole rows.
import { pino } from 'pino';
import type { Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

const SECRET_NAMES = [
  'password',
  'token',
  'secret',
  'authorization',
  'authentication',
  'cookie',
  'credentials',
  'auth',
];

export function createLogger(level: string): Logger {
  const paths = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const options = { level, redact: { paths, censor: '[redacted]' }, serializers: { err: describeError } };
  return pino(options, pino.destination({ dest: 2, sync: true }));
}

interface DescribedError {
  type: string;
  code?: string;
  message: string;
  stack?: string;
}

/** Type, code, message and the lines of the stack that name places; no parameters, no queries, no other members. */
export function describeError(error: unknown): DescribedError {
  const { name, message, code, stack } = (error ?? {}) as {
    name?: unknown;
    message?: unknown;
    code?: unknown;
    stack?: unknown;
  };
  const places =
    typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line)) : [];
  return {
    type: typeof name === 'string' ? name : typeof error,
    ...(typeof code === 'string' && { code }),
    message: typeof message === 'string' ? message : String(error),
    ...(places.length > 0 && { stack: places.join('\n') }),
  };
}
