// Manifests, configs, challenges and image references thought up by chance: a result or a failure of its own, and soon.
import * as fc from 'fast-check';
import { CatalogError } from '../../src/lib/errors.js';
import { JobFailure } from '../../src/lib/job-failure.js';
import { parseJson } from '../../src/lib/json.js';
import { parseChallenges } from '../../src/oci/auth-challenge.js';
import { parseImageConfig } from '../../src/oci/image-config.js';
import { choosePlatform, parseManifest } from '../../src/oci/manifest.js';
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { formatReference, parseReference, registryHost, tagOrDigestOf } from '../../src/oci/reference.js';
import { descriptorOf, documentOf, smallImage } from '../support/documents.js';
import { damaged, few, settled, soon } from '../support/fuzz.js';

const MIB = 1024 * 1024;

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
