// What `build-catalog convert` is asked for, checked before anything is read or written.
import { tmpdir } from 'node:os';
import { AllowList } from '../lib/address-guard.js';
import type { CommandOptions } from '../nitro/argv.js';
import type { Architecture } from '../oci/manifest.js';
import { UsageError } from './failure.js';
import { isSameImage, parseImageName, parseOutputName } from './image-name.js';
import type { ImageName, OutputName } from './image-name.js';
import { COMMON_OPTIONS, SWITCH, TEXT, TEXTS, parseOptions } from './options.js';

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

const OPTIONS = {
  ...COMMON_OPTIONS,
  output: { ...TEXT, short: 'o' },
  ...{ arch: TEXT, blobs: TEXT, 'image-name': TEXT, cache: TEXT, tmp: TEXT },
  ...{ entrypoint: TEXTS, arg: TEXTS, env: TEXTS, allow: TEXTS },
  ...{ 'signing-key': TEXT, 'signing-certificate': TEXT, username: TEXT, 'password-stdin': SWITCH },
} as const;

const MAX_IMAGE_NAME = 1024;

/** Undefined where help is asked for. Throws UsageError. */
export function parseConvert(argv: string[], environment: Environment): ConvertCommand | undefined {
  const { values, positionals } = parseOptions(argv, OPTIONS);
  if (values.help) return undefined;
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
  if (isSameImage(input, output)) throw new UsageError('Input and output images must be different.');
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
