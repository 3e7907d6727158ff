// Every image of the corpus goes through a whole conversion and ends as documented; nothing is left outside its folders.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Architecture } from '../../src/builds/build-parts.js';
import { conversionRequest } from '../../src/conversions/conversion-request.js';
import { convert } from '../../src/conversions/convert.js';
import { JobFailure } from '../../src/lib/job-failure.js';
import { OwnNames } from '../../src/lib/own-names.js';
import { Store } from '../../src/oci/store.js';
import { TEST_CONFIG, bzImage, writeBlobs } from '../support/blob-folder.js';
import { CORPUS } from '../support/corpus/corpus.js';
import { applicationFiles, isArm64, seenAs } from '../support/corpus/eif-files.js';
import type { CorpusImage, Fact } from '../support/corpus/image-content.js';
import { putRaw } from '../support/corpus/raw-store.js';
import { MemoryRepository } from '../support/memory-repository.js';
import { itJudged, judgeEif } from '../support/eif-judge.js';
import { temporaryFolder } from '../support/folders.js';

const parent = temporaryFolder();
const root = join(parent, 'root');
const storeDir = join(root, 'store');
const blobsDir = join(root, 'blobs');
const store = new Store(storeDir);
const input = store.repository('account', 'in');
// Not the store, which would wait for the disk a hundred times.
const output = new MemoryRepository();
const { signal } = new AbortController();
const PATIENCE_MS = 20_000;
const EIF_AT = 1024;
const OWN_FILE = /^(?:layer-\d+\.tar|output\.tar)$/;

interface Outcome {
  /** Of the output's manifest, or what it failed with. */
  digest?: string;
  failure?: unknown;
  files: string[];
}

let runs = 0;

/** The only place that knows how a conversion is started. */
async function run({ architecture }: CorpusImage): Promise<Outcome> {
  const spoolDir = join(root, `spool-${++runs}`);
  mkdirSync(spoolDir);
  const layerFile = join(spoolDir, 'output.tar');
  const place = { input, output, blobsDir, spoolDir, layerFile, toolVersion: '1' };
  const files = new Set<string>();
  const look = (): void => readdirSync(spoolDir).forEach((name) => files.add(name));
  const images = { inputImage: { name: 'localhost/in:1' }, outputImage: { name: 'localhost/out:1' } };
  const platform = architecture === 'arm64' ? Architecture.ARM64 : Architecture.AMD64;
  const request = conversionRequest(
    { ...images, architecture: platform },
    {
      names: new OwnNames('localhost'),
      canSign: false,
    },
  );
  try {
    const reports = { progress: look, warn: () => undefined, log: () => undefined, bootBlobs: () => undefined };
    const { manifestDigest } = await convert(
      { ...request, names: { input: 'localhost/in:1', output: 'localhost/out:1' } },
      place,
      reports,
      signal,
    );
    return { digest: manifestDigest, files: [...files] };
  } catch (failure) {
    return { failure, files: [...files] };
  } finally {
    rmSync(spoolDir, { recursive: true });
  }
}

/** The EIF in the output image; it begins behind two tar headers of the one layer. */
async function eifOf(digest: string): Promise<Buffer> {
  const { bytes } = await output.resolve(digest);
  const { layers } = JSON.parse(bytes.toString()) as { layers: { digest: string }[] };
  const layer = output.blobs.get(layers[0]!.digest)!;
  const size = parseInt(layer.toString('latin1', 512 + 124, 512 + 135), 8);
  return layer.subarray(EIF_AT, EIF_AT + size);
}

/** All that lies around the folder of a conversion, and what images of the corpus would like to write elsewhere. */
function outside(): string[] {
  const escaped = ['/outside', '/tmp/build-catalog-escaped', join(tmpdir(), 'build-catalog-escaped')].filter(
    existsSync,
  );
  return [...readdirSync(parent, { recursive: true, encoding: 'utf8' }).sort(), ...escaped];
}

function putImage(image: CorpusImage): void {
  rmSync(storeDir, { recursive: true });
  putRaw(storeDir, 'account', 'in', image.make());
}

beforeAll(() => {
  writeBlobs(join(blobsDir, 'x86_64'));
  writeBlobs(join(blobsDir, 'aarch64'), {
    'bzImage.config': undefined,
    Image: bzImage(),
    bzImage: undefined,
    'Image.config': TEST_CONFIG,
  });
});

describe('the corpus', () => {
  it('has images enough, each with a name of its own', () => {
    expect(CORPUS.length).toBeGreaterThanOrEqual(45);
    expect(new Set(CORPUS.map(({ name }) => name)).size).toBe(CORPUS.length);
  });

  it.each(CORPUS.map((image) => [image.name, image] as const))('with %s ends as documented', async (_name, image) => {
    putImage(image);
    const before = outside();
    const started = Date.now();
    const { digest, failure, files } = await run(image);
    expect(Date.now() - started).toBeLessThan(PATIENCE_MS);
    expect(outside()).toEqual(before);
    expect(files.filter((name) => !OWN_FILE.test(name))).toEqual([]);
    if (typeof image.expected === 'string') {
      expect(failure).toBeInstanceOf(JobFailure);
      expect(failure).toMatchObject({ code: image.expected, hint: expect.stringMatching(/./) });
      return;
    }
    expect(failure).toBeUndefined();
    const eif = await eifOf(digest!);
    const seen = applicationFiles(eif);
    const facts: Record<string, Fact> = {};
    for (const [path, fact] of Object.entries(image.expected)) facts[path] = seenAs(fact, seen.get(path));
    expect(facts).toEqual(image.expected);
    expect(isArm64(eif)).toBe(image.architecture === 'arm64');
  });
});

const named = (name: string): CorpusImage => CORPUS.find((image) => image.name === name)!;

describe('a conversion of the corpus', () => {
  it.each([
    'folders that no layer lists',
    'a chain of hard links',
    'a zstd layer of many frames, some to be skipped',
    'an index of every platform and of attestations, for arm64',
  ])('gives the same bytes twice, with %s', async (name) => {
    putImage(named(name));
    const [first, second] = [await run(named(name)), await run(named(name))];
    expect(first.digest).toMatch(/^sha256:/);
    expect(second.digest).toBe(first.digest);
  });

  itJudged('gives an EIF that an independent reader accepts', async () => {
    for (const name of [
      'names that mean something in a ramdisk',
      'devices and a pipe',
      'arm64 without an index',
      'no layers at all',
    ]) {
      putImage(named(name));
      const { digest } = await run(named(name));
      const file = join(root, 'judged.eif');
      writeFileSync(file, await eifOf(digest!));
      expect(judgeEif(file).flags).toBe(name.startsWith('arm64') ? 1 : 0);
    }
  });
});
