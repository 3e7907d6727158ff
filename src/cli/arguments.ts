// The command line as one checked object. Throws UsageError, before anything is read or written.
import { parseConvert } from './convert-arguments.js';
import type { ConvertCommand, Environment } from './convert-arguments.js';
import { UsageError } from './failure.js';
import { COMMON_OPTIONS, SWITCH, parseOptions } from './options.js';

export interface DescribeCommand {
  name: 'describe';
  file: string;
  /** With values, which may be secrets. */
  showEnvironment: boolean;
}

export interface DiffCommand {
  name: 'diff';
  a: string;
  b: string;
}

export type Command = ConvertCommand | DescribeCommand | DiffCommand | { name: 'help' | 'version' };

export function parseCommand(argv: string[], environment: Environment): Command {
  const [name, ...rest] = argv;
  if (name === 'convert') return parseConvert(rest, environment) ?? { name: 'help' };
  if (name === 'describe') return parseDescribe(rest);
  if (name === 'diff') return parseDiff(rest);
  if (name === '--version') return { name: 'version' };
  if (name === '--help' || name === '-h' || name === 'help') return { name: 'help' };
  throw new UsageError(name === undefined ? 'There is no command.' : `${JSON.stringify(name)} is no command.`);
}

function parseDescribe(argv: string[]): Command {
  const { values, positionals } = parseOptions(argv, { ...COMMON_OPTIONS, 'show-env': SWITCH });
  if (values.help) return { name: 'help' };
  const [file, more] = positionals;
  if (file === undefined || more !== undefined) throw new UsageError('describe takes one file.');
  return { name: 'describe', file, showEnvironment: values['show-env'] ?? false };
}

function parseDiff(argv: string[]): Command {
  const { values, positionals } = parseOptions(argv, COMMON_OPTIONS);
  if (values.help) return { name: 'help' };
  const [a, b, more] = positionals;
  if (a === undefined || b === undefined || more !== undefined) throw new UsageError('diff takes two files.');
  return { name: 'diff', a, b };
}
