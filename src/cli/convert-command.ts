// `build-catalog convert`: the gateway's own conversion, in this process and without a server.
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConversionRequest } from '../conversions/conversion-request.js';
import { convert } from '../conversions/convert.js';
import { formatTarget } from '../conversions/image-target.js';
import type { ConversionReports } from '../conversions/conversion-place.js';
import { eifSigner } from '../conversions/eif-signer.js';
import type { NamedSigner } from '../conversions/eif-signer.js';
import { readGatewaySigner } from '../conversions/gateway-signer.js';
import { LayerCache, trimLayerCaches } from '../oci/layer-cache.js';
import { packageVersion } from '../lib/package-root.js';
import type { ConvertCommand, Environment } from './convert-arguments.js';
import { openInput, openOutput } from './conversion-images.js';
import type { InputImage, OutputPlace } from './conversion-images.js';
import { describeConversion } from './conversion-result.js';
import { UsageError } from './failure.js';
import { RegistryAccess } from './registry-access.js';
import type { Login } from './registry-access.js';
import type { Reporter } from './reporter.js';

/** What `--cache` keeps at most. */
/** A folder of its own: what else lies in `--cache` is not touched. */
const CACHE = 'build-catalog-layers';
const MAX_CACHE_BYTES = 10 * 1024 ** 3;

export interface CommandContext {
  environment: Environment;
  /** Reads standard input, whose only use is that. */
  readPassword: (signal: AbortSignal) => Promise<string>;
  reporter: Reporter;
  signal: AbortSignal;
}

/** Throws UsageError, CatalogError, JobFailure, an error of the operating system, or the signal's reason. */
export async function runConvert(command: ConvertCommand, context: CommandContext): Promise<void> {
  const sign = command.signing && signerOf(command.signing);
  const registries = openRegistries(command, await loginOf(command, context), context);
  try {
    const input = await openInput(command, registries, context.signal);
    try {
      await convertFrom({ input, output: await openOutput(command, registries), sign }, command, context);
    } finally {
      await input.close();
    }
  } finally {
    await registries.close();
  }
}

async function convertFrom(
  { input, output, sign }: { input: InputImage; output: OutputPlace; sign?: NamedSigner },
  command: ConvertCommand,
  { reporter, signal }: CommandContext,
): Promise<void> {
  const spoolDir = await mkdtemp(join(command.temporaryDir, 'build-catalog-'));
  // For an end that comes without waiting: a second Ctrl-C, say.
  const removeNow = () => {
    for (const path of [spoolDir, ...output.temporaryFiles]) rmSync(path, { recursive: true, force: true });
  };
  process.once('exit', removeNow);
  try {
    await output.prepare();
    const place = {
      ...{ input: input.repository, output: output.repository, blobsDir: command.blobsDir, spoolDir },
      ...{ layerFile: join(spoolDir, 'output.tar'), toolVersion: packageVersion },
      cache: command.cacheDir === undefined ? undefined : new LayerCache(join(command.cacheDir, CACHE, 'own')),
    };
    const reports = reportsTo(reporter);
    const result = await convert(
      { ...requestOf(command, input, output), names: namesOf(input, output), sign },
      place,
      reports,
      signal,
    );
    const eif = await output.commit();
    const { lines, data } = describeConversion(command.output, result, eif);
    reporter.finish(lines, data);
    // The result is there: what the cache can not is no concern of it.
    if (command.cacheDir !== undefined) {
      await trimLayerCaches(join(command.cacheDir, CACHE), MAX_CACHE_BYTES).catch(() => undefined);
    }
  } finally {
    await output.discard();
    await rm(spoolDir, { recursive: true, force: true });
    process.removeListener('exit', removeNow);
  }
}

function signerOf({ keyFile: key, certificateFile: certificate }: NonNullable<ConvertCommand['signing']>): NamedSigner {
  try {
    const { certificate: parsed, sign } = readGatewaySigner({ key, certificate });
    return eifSigner(parsed, async (pcr0) => sign(pcr0));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function openRegistries(command: ConvertCommand, login: Login | undefined, context: CommandContext): RegistryAccess {
  const { environment, reporter } = context;
  return new RegistryAccess(command.allow, login, environment, (message) => reporter.log(message));
}

const namesOf = (input: InputImage, output: OutputPlace) => ({
  input: formatTarget(input.target),
  output: formatTarget(output.target),
});

function requestOf(command: ConvertCommand, input: InputImage, output: OutputPlace): ConversionRequest {
  const architecture = command.architecture === 'amd64' ? 'AMD64' : 'ARM64';
  return {
    appId: null,
    input: input.target,
    output: output.target,
    options: command.options,
    nitro: {},
    // The enum itself would load GraphQL.
    architecture: architecture as ConversionRequest['architecture'],
    register: false,
  };
}

function reportsTo(reporter: Reporter): ConversionReports {
  return {
    progress: (progress) => reporter.progress(progress),
    warn: (warning) => reporter.warn(warning),
    log: (message) => reporter.log(message),
    bootBlobs: (files) => {
      for (const { name, sha256, sizeBytes } of files) {
        reporter.log(`boot file ${name}: ${sizeBytes} bytes, sha256 ${sha256}`);
      }
    },
  };
}

async function loginOf({ username, input, output }: ConvertCommand, { readPassword, signal }: CommandContext) {
  if (username === undefined) return undefined;
  const place = [input, output].find((it) => it.kind === 'registry');
  return place && { host: place.reference.host, username, password: await readPassword(signal) };
}
