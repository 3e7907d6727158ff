// The command line as one checked object. Throws UsageError, before anything is read or written.
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { AllowList } from '../lib/address-guard.js';
import type { CommandOptions } from '../nitro/argv.js';
import type { Architecture } from '../oci/manifest.js';
import { formatReference } from '../oci/reference.js';
import type { Reference } from '../oci/reference.js';
import { UsageError } from './failure.js';
import { parseImageName, parseOutputName } from './image-name.js';
import type { ImageName, OutputName } from './image-name.js';

export type Environment = Record<string, string | undefined>;

export interface ConvertCommand {
  name: 'convert';
  input: ImageName;
  output: OutputName;
  architecture: Architecture;
  blobsDir: string;
  options: CommandOptions;
  /** For the EIF's metadata; the image's own where undefined. */
  imageName: string | undefined;
  signing: { keyFile: string; certificateFile: string } | undefined;
  /** `host` or `host:port` of registries that may be private or plain http. */
  allow: string[];
  /** Whose password comes on standard input. */
  username: string | undefined;
  cacheDir: string | undefined;
  temporaryDir: string;
}

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

const TEXT = { type: 'string' } as const;
const TEXTS = { type: 'string', multiple: true } as const;
const SWITCH = { type: 'boolean' } as const;

const COMMON = { json: SWITCH, help: { ...SWITCH, short: 'h' } } as const;
const DESCRIBE = { ...COMMON, 'show-env': SWITCH } as const;
const CONVERT = {
  ...COMMON,
  output: { ...TEXT, short: 'o' },
  ...{ arch: TEXT, blobs: TEXT, 'image-name': TEXT, cache: TEXT, tmp: TEXT },
  ...{ entrypoint: TEXTS, arg: TEXTS, env: TEXTS, allow: TEXTS },
  ...{ 'signing-key': TEXT, 'signing-certificate': TEXT, username: TEXT, 'password-stdin': SWITCH },
} as const;

const MAX_IMAGE_NAME = 1024;

export function parseCommand(argv: string[], environment: Environment): Command {
  const [name, ...rest] = argv;
  if (name === 'convert') return parseConvert(rest, environment);
  if (name === 'describe') return parseDescribe(rest);
  if (name === 'diff') return parseDiff(rest);
  if (name === '--version') return { name: 'version' };
  if (name === '--help' || name === '-h' || name === 'help') return { name: 'help' };
  throw new UsageError(name === undefined ? 'There is no command.' : `${JSON.stringify(name)} is no command.`);
}

function parseDescribe(argv: string[]): Command {
  const { values, positionals } = parsed(argv, DESCRIBE);
  if (values.help) return { name: 'help' };
  const [file, more] = positionals;
  if (file === undefined || more !== undefined) throw new UsageError('describe takes one file.');
  return { name: 'describe', file, showEnvironment: values['show-env'] ?? false };
}

function parseDiff(argv: string[]): Command {
  const { values, positionals } = parsed(argv, COMMON);
  if (values.help) return { name: 'help' };
  const [a, b, more] = positionals;
  if (a === undefined || b === undefined || more !== undefined) throw new UsageError('diff takes two files.');
  return { name: 'diff', a, b };
}

function parseConvert(argv: string[], environment: Environment): Command {
  const { values, positionals } = parsed(argv, CONVERT);
  if (values.help) return { name: 'help' };
  const [image, more] = positionals;
  if (image === undefined || more !== undefined) throw new UsageError('convert takes one image.');
  if (values.output === undefined) throw new UsageError('convert needs --output FILE.eif or --output IMAGE.');
  const architecture = values.arch ?? 'amd64';
  if (architecture !== 'amd64' && architecture !== 'arm64') throw new UsageError('--arch is amd64 or arm64.');
  const imageName = values['image-name'];
  // eslint-disable-next-line no-control-regex -- that is what is refused
  if (imageName !== undefined && (imageName.length > MAX_IMAGE_NAME || /[\0-\x1f]/.test(imageName))) {
    throw new UsageError(`--image-name has at most ${MAX_IMAGE_NAME} characters, all of them printable.`);
  }
  const input = parseImageName(image);
  const output = parseOutputName(values.output);
  checkDifferent(input, output);
  return {
    name: 'convert',
    input,
    output,
    architecture,
    blobsDir: values.blobs ?? (environment.NITRO_BLOBS_DIR?.trim() || '/usr/share/nitro_enclaves/blobs'),
    options: { entrypoint: values.entrypoint, entrypointArgs: values.arg, envVars: values.env?.map(checkVariable) },
    imageName,
    signing: signingOf(values['signing-key'], values['signing-certificate']),
    allow: [...(environment.UPSTREAM_ALLOW ?? '').split(','), ...(values.allow ?? [])].flatMap(checkHost),
    username: usernameOf(values.username, values['password-stdin'] ?? false, [input, output]),
    cacheDir: values.cache,
    temporaryDir: values.tmp ?? tmpdir(),
  };
}

function parsed<T extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function checkVariable(text: string): string {
  if (/^[^=]+=/.test(text)) return text;
  // Not the text itself: it may be the value of a secret.
  throw new UsageError('--env must be NAME=VALUE.');
}

function checkHost(text: string): string[] {
  const host = text.trim().toLowerCase();
  if (host === '') return [];
  try {
    new AllowList([host]);
    return [host];
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function signingOf(keyFile: string | undefined, certificateFile: string | undefined): ConvertCommand['signing'] {
  if (keyFile !== undefined && certificateFile !== undefined) return { keyFile, certificateFile };
  if (keyFile === certificateFile) return undefined;
  throw new UsageError('--signing-key and --signing-certificate go together.');
}

function usernameOf(username: string | undefined, fromStdin: boolean, images: (ImageName | OutputName)[]) {
  if ((username !== undefined) !== fromStdin) throw new UsageError('--username and --password-stdin go together.');
  if (fromStdin && !images.some(({ kind }) => kind === 'registry')) {
    throw new UsageError('--username is of no use: no registry is asked.');
  }
  return username;
}

function checkDifferent(input: ImageName, output: OutputName): void {
  const same =
    (input.kind === 'registry' && output.kind === 'registry' && isSameImage(input.reference, output.reference)) ||
    (input.kind === 'layout' &&
      output.kind === 'layout' &&
      resolve(input.folder) === resolve(output.folder) &&
      input.name === output.name);
  if (same) throw new UsageError('Input and output images must be different.');
}

const isSameImage = (a: Reference, b: Reference): boolean =>
  a.digest === undefined && formatReference(a) === formatReference(b);
