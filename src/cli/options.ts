// Options and positional words of one command, by node's own parser; whatever it refuses is a UsageError.
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { UsageError } from './failure.js';

export const TEXT = { type: 'string' } as const;
/** May be repeated. */
export const TEXTS = { type: 'string', multiple: true } as const;
export const SWITCH = { type: 'boolean' } as const;

export const COMMON_OPTIONS = { json: SWITCH, help: { ...SWITCH, short: 'h' } } as const;

export function parseOptions<T extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
