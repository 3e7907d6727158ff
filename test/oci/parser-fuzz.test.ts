// What strangers write, thought up by chance: each parser gives a result or a failure of its own, and soon.
import * as fc from 'fast-check';
import { CatalogError } from '../../src/lib/errors.js';
import { JobFailure } from '../../src/lib/job-failure.js';
import { parseJson } from '../../src/lib/json.js';
import { CpioHeaders, cpioBytes, dataPadding } from '../../src/nitro/cpio.js';
import { customerRamdisk } from '../../src/nitro/ramdisks.js';
import type { Ramdisk } from '../../src/nitro/ramdisks.js';
import { parseChallenges } from '../../src/oci/auth-challenge.js';
import { LayerDecompressor } from '../../src/oci/decompress.js';
import { parseImageConfig } from '../../src/oci/image-config.js';
import { choosePlatform, parseManifest } from '../../src/oci/manifest.js';
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { formatReference, parseReference, registryHost, tagOrDigestOf } from '../../src/oci/reference.js';
import { parsePax } from '../../src/oci/tar-pax.js';
import { TarReader } from '../../src/oci/tar.js';
import type { TarEntry } from '../../src/oci/tar.js';
import { ZstdSplitter } from '../../src/oci/zstd-frames.js';
import { HEADER_IMAGES } from '../support/corpus/header.js';
import { skippableFrame, zstdFrame, zstdStored } from '../support/corpus/zstd-writer.js';
import { readCpio } from '../support/cpio-reader.js';
import { flattenLayers } from '../support/flatten-layers.js';
import { descriptorOf, documentOf, smallImage } from '../support/documents.js';
import { paxRecord } from '../support/tar-builder.js';

const SCALE = Number(process.env.TEST_SCALE ?? 1);
const few = { numRuns: 200 * SCALE };
const SOON_MS = 1_000;
const MIB = 1024 * 1024;

/** The result, or the code of the failure that is one of those expected; anything else is thrown. */
function settled<T>(parse: () => T, ...failures: (abstract new (...args: never[]) => Error)[]): T | string {
  try {
    return parse();
  } catch (error) {
    if (failures.some((failure) => error instanceof failure)) return (error as JobFailure).code;
    throw error;
  }
}

function soon<T>(work: () => T): T {
  const started = performance.now();
  const result = work();
  expect(performance.now() - started).toBeLessThan(SOON_MS);
  return result;
}

/** Cuts at chosen places, wherever these are. */
function cutInto(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, at) => bytes.subarray(from, places[at] ?? bytes.length));
}

const cuts = fc.array(fc.nat(1_000_000), { maxLength: 30 });

/** Bytes of a valid document with some of them changed, removed, doubled or put in. */
function damaged(originals: Buffer[]): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.nat(1_000_000),
    kind: fc.constantFrom('set', 'remove', 'double', 'insert'),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  });
  return fc.tuple(fc.constantFrom(...originals), fc.array(change, { maxLength: 6 })).map(([original, changes]) => {
    let bytes = Buffer.from(original);
    for (const { at, kind, bytes: others } of changes) {
      const place = at % (bytes.length + 1);
      const end = Math.min(place + others.length, bytes.length);
      if (kind === 'set') bytes.set(others.slice(0, end - place), place);
      else if (kind === 'remove') bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(end)]);
      else if (kind === 'double') bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(place)]);
      else bytes = Buffer.concat([bytes.subarray(0, place), others, bytes.subarray(place)]);
    }
    return bytes;
  });
}

/** A ramdisk with zeros for what its files hold. */
function sparseRamdisk(ramdisk: Ramdisk): Buffer {
  const headers = new CpioHeaders();
  const parts = [...ramdisk.entries()].flatMap((entry) => [
    headers.next(entry),
    Buffer.isBuffer(entry.data) ? entry.data : Buffer.alloc(entry.size),
    Buffer.alloc(dataPadding(entry.size)),
  ]);
  const body = Buffer.concat(parts);
  return Buffer.concat([body, headers.end(body.length)]);
}

const anyBytes = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));

describe('the tar reader', () => {
  const archives = HEADER_IMAGES.flatMap(({ make }) => make().tars).filter((tar) => tar.length < 20_000);

  function read(chunks: Buffer[]): TarEntry[] | string {
    const entries: TarEntry[] = [];
    return settled(() => {
      const reader = new TarReader((entry) => entries.push(entry));
      chunks.forEach((chunk) => reader.write(chunk));
      reader.end();
      return entries;
    }, JobFailure);
  }

  /** Changes numbers and names and makes the checksum right again, so that what is behind it is reached. */
  const deceptive = fc
    .tuple(
      fc.constantFrom(...archives),
      fc.array(fc.record({ block: fc.nat(40), at: fc.nat(511), byte: fc.nat(255) }), { maxLength: 5 }),
    )
    .map(([archive, changes]) => {
      const bytes = Buffer.from(archive);
      for (const { block, at, byte } of changes) {
        const start = (block % Math.max(1, Math.floor(bytes.length / 512))) * 512;
        const header = bytes.subarray(start, start + 512);
        if (header.length < 512) continue;
        header[at] = byte;
        header.fill(' ', 148, 156);
        const sum = header.reduce((total, value) => total + value, 0);
        header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
      }
      return bytes;
    });

  it('gives the same entries however the bytes are cut, or IMAGE_INVALID', () => {
    const archive = fc.oneof(damaged(archives), deceptive, anyBytes);
    fc.assert(
      fc.property(archive, cuts, (bytes, places) => {
        const whole = read([bytes]);
        expect(read(cutInto(bytes, places))).toEqual(whole);
        if (typeof whole === 'string') return expect(whole).toBe('IMAGE_INVALID');
        for (const entry of whole) {
          for (const id of [entry.uid, entry.gid, entry.mtime, entry.devMajor, entry.devMinor]) {
            expect(id >= 0 && id <= 0xffff_ffff && Number.isInteger(id)).toBe(true);
          }
          expect(entry.offset + entry.size).toBeLessThanOrEqual(bytes.length);
          expect(entry.path + entry.link).not.toContain('\0');
          expect(entry.mode & ~0o7777).toBe(0);
        }
      }),
      few,
    );
  });

  it('has its entries flattened into a ramdisk, or refused', async () => {
    const layers = fc.array(deceptive, { minLength: 1, maxLength: 3 });
    const property = fc.asyncProperty(layers, async (archives) => {
      const entries = archives.map((archive) => read([archive])).filter((it) => typeof it !== 'string');
      const { signal } = new AbortController();
      const made = await flattenLayers(entries).then(
        (tree) => customerRamdisk(tree, { argv: ['/a'], env: [] }),
        (error: unknown) => error,
      );
      const planned =
        made instanceof Error
          ? made
          : await cpioBytes((made as Ramdisk).entries(), signal).catch((error: unknown) => error);
      if (planned instanceof Error) expect(planned).toBeInstanceOf(JobFailure);
      else expect(readCpio(sparseRamdisk(made as Ramdisk)).length).toBeGreaterThan(10);
    });
    await fc.assert(property, few);
  });

  it('reads the PAX records that were written, and no others', () => {
    const value = fc
      .string({ unit: 'binary', maxLength: 200 })
      .map((text) => Buffer.from(text.replaceAll('\0', ''), 'utf8').toString('latin1'));
    fc.assert(
      fc.property(value, value, fc.nat(2 ** 40), fc.array(value, { maxLength: 3 }), (path, link, size, comments) => {
        const records = { path, linkpath: link, size: String(size) };
        const text = [
          ...comments.map((it) => paxRecord('comment', it)),
          ...Object.entries(records).map(([key, it]) => paxRecord(key, it)),
        ];
        const read = parsePax(Buffer.from(text.join(''), 'latin1'));
        expect(read).toEqual({ path: path || undefined, link: link || undefined, size });
      }),
      few,
    );
    const original = Buffer.from(paxRecord('path', 'a/b') + paxRecord('mtime', '-1.5') + paxRecord('size', '12'));
    fc.assert(
      fc.property(fc.oneof(damaged([original]), anyBytes), (bytes) => {
        const read = settled(() => parsePax(bytes), JobFailure);
        if (typeof read === 'string') expect(read).toBe('IMAGE_INVALID');
      }),
      few,
    );
    soon(() => parsePax(Buffer.from('5 a=\n'.repeat(MIB / 5))));
  });
});

describe('the zstd splitter', () => {
  const frames = [
    zstdStored(Buffer.alloc(300_000, 'x')),
    zstdFrame([{ repeat: 1, times: 5 }, Buffer.from('abc')]),
    Buffer.concat([skippableFrame(Buffer.from('skip')), zstdStored(Buffer.from('y'))]),
  ];

  it('gives the same units however the bytes are cut, or IMAGE_INVALID', () => {
    const split = (chunks: Buffer[]): string | Buffer[] =>
      settled(() => {
        const splitter = new ZstdSplitter();
        const units = chunks.flatMap((chunk) => [...splitter.split(chunk)].map((unit) => Buffer.from(unit)));
        splitter.end();
        return units;
      }, JobFailure);
    fc.assert(
      fc.property(fc.oneof(damaged(frames), anyBytes), cuts, (bytes, places) => {
        const whole = split([bytes]);
        const pieces = split(cutInto(bytes, places));
        if (typeof whole === 'string' || typeof pieces === 'string') {
          expect([whole, pieces]).toEqual(['IMAGE_INVALID', 'IMAGE_INVALID']);
        } else {
          expect(pieces.map((unit) => unit.length)).toEqual(whole.map((unit) => unit.length));
          expect(Buffer.concat(pieces).equals(Buffer.concat(whole))).toBe(true);
        }
      }),
      few,
    );
  });

  const block = fc.oneof(
    fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
    fc.record({ repeat: fc.nat(255), times: fc.oneof(fc.nat(20), fc.constant(128 * 1024)) }),
  );
  const frame = fc.oneof(
    { weight: 5, arbitrary: fc.array(block, { minLength: 1, maxLength: 3 }).map((blocks) => ({ blocks })) },
    { weight: 1, arbitrary: fc.constant({ blocks: undefined }) },
  );

  it('has frames of any length decoded to the last byte', async () => {
    const property = fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 8 }), cuts, async (frames, places) => {
      const stored = frames.map(({ blocks }) => (blocks ? zstdFrame(blocks) : skippableFrame(Buffer.from('x'))));
      const content = frames.flatMap(({ blocks = [] }) =>
        blocks.map((it) => (Buffer.isBuffer(it) ? it : Buffer.alloc(it.times, it.repeat))),
      );
      const seen: Buffer[] = [];
      const sink = { accept: (chunk: Buffer) => Promise.resolve(void seen.push(Buffer.from(chunk))) };
      const decompressor = new LayerDecompressor(sink);
      try {
        for (const chunk of cutInto(Buffer.concat(stored), places)) await decompressor.write(chunk);
        await decompressor.end();
      } finally {
        decompressor.destroy();
      }
      expect(Buffer.concat(seen).equals(Buffer.concat(content))).toBe(true);
    });
    await fc.assert(property, { numRuns: 15 * SCALE });
  });
});

describe('manifests, image configs and JSON', () => {
  const types = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST];
  const { configBlob, layerBlob, config } = smallImage();
  const platform = { os: 'linux', architecture: 'amd64' };
  const manifest = { schemaVersion: 2, config: configBlob, layers: [layerBlob], annotations: { a: 'b' } };
  const index = { schemaVersion: 2, manifests: [{ ...descriptorOf(OCI_MANIFEST, Buffer.from('x')), platform }] };
  const run = {
    Entrypoint: ['/a'],
    Cmd: ['b'],
    Env: ['A=1'],
    ExposedPorts: { '1/tcp': {} },
    Labels: { a: 'b' },
    User: '',
  };
  const full = { ...(JSON.parse(config.toString()) as object), config: run };

  /** A valid document in which any value, however deep, may have become any other. */
  function altered(original: unknown): fc.Arbitrary<unknown> {
    const inner = (): fc.Arbitrary<unknown> => {
      if (Array.isArray(original)) return fc.tuple(...original.map(altered));
      if (typeof original !== 'object' || original === null) return fc.constant(original);
      return fc.record(Object.fromEntries(Object.entries(original).map(([key, value]) => [key, altered(value)])), {
        requiredKeys: [],
      });
    };
    return fc.oneof({ weight: 20, arbitrary: inner() }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) });
  }

  it('are read or refused as IMAGE_INVALID, whatever stands where', () => {
    const text = fc.oneof(
      ...[manifest, index, full].map((it) => altered(it).map((value) => JSON.stringify(value))),
      fc.json(),
      fc.string(),
    );
    fc.assert(
      fc.property(text, fc.constantFrom(...types), (json, type) => {
        const bytes = Buffer.from(json);
        const read = settled(() => parseManifest(documentOf(type, json)), JobFailure);
        const seen = settled(() => parseImageConfig(bytes), JobFailure);
        for (const result of [read, seen]) if (typeof result === 'string') expect(result).toBe('IMAGE_INVALID');
        if (typeof read === 'object' && read.kind === 'index') {
          settled(() => choosePlatform(read, 'amd64'), JobFailure);
        }
      }),
      few,
    );
    const bytes = damaged([manifest, index, full].map((it) => Buffer.from(JSON.stringify(it))));
    fc.assert(
      fc.property(bytes, (it) => {
        for (const mediaType of types) settled(() => parseManifest({ mediaType, digest: '', bytes: it }), JobFailure);
        settled(() => parseImageConfig(it), JobFailure);
        settled(() => parseJson(it.toString()), CatalogError);
      }),
      few,
    );
  });

  it.each([
    ['deep lists', '['.repeat(2 * MIB) + ']'.repeat(2 * MIB)],
    ['deep objects', '{"a":'.repeat(MIB / 2) + '1' + '}'.repeat(MIB / 2)],
    ['an open end', '['.repeat(4 * MIB)],
    ['empty lists', `[${'[],'.repeat(MIB)}[]]`],
    ['equal keys', `{${'"a":1,'.repeat(MIB / 2)}"a":1}`],
    ['digits', `[${'1'.repeat(4 * MIB - 2)}]`],
    ['escapes', `["${'\\u0000'.repeat(MIB / 2)}"]`],
  ])('are refused soon with %s', (_what, text) => {
    const seen = soon(() => settled(() => parseImageConfig(Buffer.from(text)), JobFailure));
    expect(seen).toBe('IMAGE_INVALID');
  });
});

describe('the reader of WWW-Authenticate', () => {
  const word = fc.stringMatching(/^[A-Za-z]{1,8}$/);
  const value = fc.string({ maxLength: 20 }).map((it) => it.replace(/[^\x20-\x7e]/g, ''));

  it('finds the challenges that were written', () => {
    const challenge = fc.record({
      scheme: word,
      parameters: fc.dictionary(
        word.map((it) => it.toLowerCase()),
        value,
        { minKeys: 1, maxKeys: 4 },
      ),
    });
    const quoted = (it: string): string => `"${it.replace(/["\\]/g, '\\$&')}"`;
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 3 }), fc.constantFrom(', ', ',', ' ,  '), (challenges, comma) => {
        const header = challenges.map(({ scheme, parameters }) => {
          return `${scheme} ${Object.entries(parameters)
            .map(([key, it]) => `${key}=${quoted(it)}`)
            .join(comma)}`;
        });
        const expected = challenges.map(({ scheme, parameters }) => ({
          scheme: scheme.toLowerCase(),
          parameters: { ...parameters },
        }));
        expect(parseChallenges(header)).toEqual(expected);
      }),
      few,
    );
  });

  it('reads anything to some end', () => {
    const token = fc.constantFrom('Bearer ', 'realm=', '"', '\\', ',', ' ', '=', '__proto__=', 'a', '\n', '\0', '"x"');
    const header = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(token, { maxLength: 40 }).map((it) => it.join('')),
    );
    fc.assert(
      fc.property(header, (text) => {
        const challenges = parseChallenges(text);
        for (const { parameters } of challenges) expect(Object.getPrototypeOf(parameters)).toBe(Object.prototype);
      }),
      few,
    );
  });

  it.each(['a', 'a ', ' ', ',', 'a=', 'a="', 'a=b ', '\\', 'a="\\"', 'a , ', '= ', 'Bearer realm="x", ', '"', 'a=b,'])(
    'reads a megabyte of %j soon',
    (text) => {
      const header = text.repeat(MIB / text.length);
      soon(() => parseChallenges(header));
      soon(() => parseChallenges(`Bearer realm="${header}`));
    },
  );
});

describe('the reader of image references', () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,6}$/);
  const name = fc
    .array(
      fc.tuple(part, fc.constantFrom('', '.', '_', '__', '-', '--'), part).map((it) => it.join('')),
      { minLength: 1, maxLength: 4 },
    )
    .map((parts) => parts.join('/'));
  const host = fc.oneof(
    fc.constantFrom('localhost', 'docker.io', 'index.docker.io', '[::1]', '127.0.0.1', 'LOCALHOST:1', 'a.b:65535'),
    fc
      .tuple(
        part,
        fc.constantFrom('io', 'example', 'k8s'),
        fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
      )
      .map(([a, b, port]) => `${a}.${b}${port === undefined ? '' : `:${port}`}`),
  );
  const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `@sha256:${hex}`);
  const tag = fc.stringMatching(/^\w[\w.-]{0,20}$/).map((it) => `:${it}`);
  const written = fc
    .tuple(
      fc.oneof(host, fc.constant('me')).map((it) => `${it}/`),
      name,
      fc.option(tag, { nil: '' }),
      fc.option(digest, { nil: '' }),
    )
    .map((parts) => parts.join(''));
  const token = fc.constantFrom(
    'a',
    '/',
    '..',
    '.',
    ':',
    '@',
    '?',
    '#',
    '%2f',
    ' ',
    '\n',
    '\0',
    'sha256:',
    '[',
    ']',
    '\\',
    'localhost',
    '-',
    '_',
    'A',
    'ü',
    '0',
    '//',
    'http:',
  );
  const hostile = fc.oneof(
    fc.array(token, { maxLength: 12 }).map((it) => it.join('')),
    fc.string({ unit: 'binary' }),
    damaged([Buffer.from('localhost:5000/a/b:1'), Buffer.from('docker.io/x/y@sha256:' + 'a'.repeat(64))]).map((it) =>
      it.toString('latin1'),
    ),
  );

  it('takes every valid one, and its full form for the same', () => {
    fc.assert(
      fc.property(written, (text) => {
        const reference = parseReference(text);
        expect(parseReference(formatReference(reference))).toEqual(reference);
        expect(text).toContain(reference.repository.replace(/^library\//, ''));
      }),
      few,
    );
  });

  it('lets nothing pass that means something else in a URL', () => {
    fc.assert(
      fc.property(fc.oneof(written, hostile), (text) => {
        const reference = settled(() => parseReference(text), CatalogError);
        if (typeof reference === 'string') return expect(reference).toBe('BAD_USER_INPUT');
        expect(parseReference(formatReference(reference))).toEqual(reference);
        const path = `/v2/${reference.repository}/manifests/${tagOrDigestOf(reference)}`;
        const url = new URL(`https://${registryHost(reference.host)}${path}`);
        expect([url.pathname, url.search, url.hash, url.username]).toEqual([path, '', '', '']);
        expect(url.host).toBe(new URL(`https://${registryHost(reference.host)}`).host);
        expect(path.split('/')).not.toContain('..');
      }),
      { numRuns: 5 * few.numRuns },
    );
  });

  it.each(['a/', 'a', '-', ':', '@', 'a-', '[', 'a.', '_'])('refuses a megabyte of %j soon', (text) => {
    const seen = soon(() => settled(() => parseReference(text.repeat(MIB / text.length)), CatalogError));
    expect(seen).toBe('BAD_USER_INPUT');
  });
});
