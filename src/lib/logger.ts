// Structured logs on standard error's sibling, one JSON line each. What may hold a secret is redacted by name.
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
  return pino({ level, redact: { paths, censor: '[redacted]' } }, pino.destination({ dest: 2, sync: true }));
}
