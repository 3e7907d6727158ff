// Images whose documents are wrong: JSON that is deep, huge or ambiguous, and digests, sizes and types that lie.
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../../src/oci/media-types.js';
import { descriptorOf } from '../documents.js';
import { tarOf } from '../tar-builder.js';
import type { CorpusImage } from './image-content.js';
import { amd64, arm64, attestation, configText, everyPlatform, indexOf, layers, linux, of } from './platform-images.js';

const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;
const GIB = 1024 ** 3;

export const REFUSED_DOCUMENT_IMAGES: CorpusImage[] = [
  {
    name: 'a foreign layer with urls',
    make: of({
      layers: [
        {
          tar: tarOf(layers[0] as never),
          descriptor: {
            mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
            urls: ['http://169.254.169.254/latest'],
          },
        },
      ],
    }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a layer that is not to be distributed',
    make: of({
      layers: [
        {
          tar: tarOf(layers[0] as never),
          descriptor: { mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar' },
        },
      ],
    }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a layer of an unknown media type',
    make: of({ layers: [{ tar: tarOf([]), descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar+xz' } }] }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'an artifact instead of an image',
    make: of({ configType: 'application/vnd.oci.empty.v1+json', configText: '{}' }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a manifest that is an index, too',
    make: of({ manifest: { manifests: [descriptorOf(OCI_MANIFEST, Buffer.from('x'))] } }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'layers twice, once with a capital, which some readers take for the same',
    make: of({ manifest: { Layers: [] } }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'an entrypoint twice, once without its capital',
    make: of({ run: { Entrypoint: ['/a'], entrypoint: ['/b'] } }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'an index of indexes',
    make: () => indexOf([{ content: everyPlatform(), platform: linux('amd64') }]),
    expected: 'ARCHITECTURE_NOT_AVAILABLE',
  },
  {
    name: 'a config of very many values',
    make: of({ config: { history: Array(600_000).fill(1) } }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'an index that is a manifest, too',
    make: () => indexOf([{ content: amd64(), platform: linux('amd64') }], OCI_INDEX, { layers: [] }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a manifest that calls itself an index',
    make: of({ manifest: { mediaType: OCI_INDEX } }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a manifest of the first schema',
    make: of({ manifest: { schemaVersion: 1, fsLayers: [] } }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a manifest of an unknown type',
    make: of({ manifestType: 'application/vnd.docker.distribution.manifest.v1+prettyjws' }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'an index that leads to an index',
    make: () => indexOf([{ content: everyPlatform(), platform: linux('amd64'), mediaType: OCI_MANIFEST }]),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'an index without the architecture',
    make: () => indexOf([{ content: arm64(), platform: linux('arm64') }, attestation()]),
    expected: 'ARCHITECTURE_NOT_AVAILABLE',
  },
  { name: 'an index of nothing', make: () => indexOf([]), expected: 'ARCHITECTURE_NOT_AVAILABLE' },
  {
    name: 'an index that is wrong about an architecture',
    make: () => indexOf([{ content: arm64(), platform: linux('amd64') }]),
    expected: 'ARCHITECTURE_NOT_AVAILABLE',
  },
  { name: 'another architecture', make: arm64, expected: 'ARCHITECTURE_NOT_AVAILABLE' },
  { name: 'another system', make: of({ config: { os: 'windows' } }), expected: 'ARCHITECTURE_NOT_AVAILABLE' },
  {
    name: 'an index whose image is not there',
    make: () => {
      const content = indexOf([{ content: amd64(), platform: linux('amd64') }]);
      return { ...content, manifests: content.manifests.slice(-1) };
    },
    expected: 'IMAGE_NOT_FOUND',
  },
  {
    name: 'a layer that is not there',
    make: () => ({ ...amd64(), blobs: amd64().blobs.slice(1) }),
    expected: 'IMAGE_NOT_FOUND',
  },
  {
    name: 'an exchanged config',
    make: () => {
      const content = amd64();
      const config = content.blobs.at(-1)!;
      config.bytes = Buffer.from(config.bytes.toString().replace('/bin/true', '/bin/evil'));
      return content;
    },
    expected: 'DIGEST_MISMATCH',
  },
  {
    name: 'an exchanged manifest',
    make: () => {
      const content = amd64();
      const manifest = content.manifests.at(-1)!;
      manifest.bytes = Buffer.concat([manifest.bytes, Buffer.from(' ')]);
      return content;
    },
    expected: 'DIGEST_MISMATCH',
  },
  {
    name: 'more diff_ids than layers',
    make: of({ config: { rootfs: { diff_ids: [NO_DIGEST, NO_DIGEST] } } }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'fewer diff_ids than layers',
    make: of({ config: { rootfs: { type: 'layers' } } }),
    expected: 'IMAGE_INVALID',
  },
  { name: 'no rootfs', make: of({ config: { rootfs: undefined } }), expected: 'IMAGE_INVALID' },
  {
    name: 'a diff_id that is a path',
    make: of({ config: { rootfs: { diff_ids: ['../../etc'] } } }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a digest that leads out of a folder',
    make: of({ manifest: { config: { ...descriptorOf(OCI_CONFIG, Buffer.alloc(1)), digest: 'sha256:../../../x' } } }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a digest of another kind',
    make: of({
      manifest: { config: { ...descriptorOf(OCI_CONFIG, Buffer.alloc(1)), digest: `sha512:${'0'.repeat(128)}` } },
    }),
    expected: 'IMAGE_INVALID',
  },
  ...[-1, 1.5, 2 ** 60, '5', null].map((size): CorpusImage => ({
    name: `a layer of the size ${JSON.stringify(size)}`,
    make: of({ layers: [{ tar: tarOf([]), descriptor: { size } }] }),
    expected: 'IMAGE_INVALID',
  })),
  {
    name: 'a layer of 9 GiB',
    make: of({ layers: [{ tar: tarOf([]), descriptor: { size: 9 * GIB } }] }),
    expected: 'IMAGE_TOO_LARGE',
  },
  {
    name: 'layers of 21 GiB together',
    make: of({ layers: [1, 2, 3].map(() => ({ tar: tarOf([]), descriptor: { size: 7 * GIB } })) }),
    expected: 'IMAGE_TOO_LARGE',
  },
  {
    name: 'more layers than anybody stacks',
    make: of({ manifest: { layers: Array(257).fill(descriptorOf(OCI_LAYER, tarOf([]))) } }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a deeply nested manifest',
    make: of({ manifestText: `{"schemaVersion":2,"a":${DEEP}}` }),
    expected: 'IMAGE_INVALID',
  },
  { name: 'a deeply nested config', make: of({ configText: configText(DEEP) }), expected: 'IMAGE_INVALID' },
  {
    name: 'a huge manifest',
    make: of({ manifestText: JSON.stringify({ schemaVersion: 2, a: 'x'.repeat(4 * 1024 * 1024) }) }),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a huge config',
    make: of({ config: { history: Array(200).fill({ comment: 'x'.repeat(50_000) }) } }),
    expected: 'IMAGE_INVALID',
  },
  { name: 'a config that is a list', make: of({ configText: '[]' }), expected: 'IMAGE_INVALID' },
  { name: 'a config that is no JSON', make: of({ configText: '{"architecture":"amd64",' }), expected: 'IMAGE_INVALID' },
  { name: 'an empty manifest', make: of({ manifestText: '' }), expected: 'IMAGE_INVALID' },
  {
    name: 'a newline in its environment',
    make: of({ run: { Env: ['A=1\nLD_PRELOAD=/x'] } }),
    expected: 'IMAGE_INVALID',
  },
  { name: 'a NUL in its environment', make: of({ run: { Env: ['A=1\0B=2'] } }), expected: 'IMAGE_INVALID' },
  {
    name: 'a newline in its command',
    make: of({ run: { Cmd: ['/bin/sh', '-c', 'a\nb'] } }),
    expected: 'IMAGE_INVALID',
  },
  { name: 'a NUL in its entrypoint', make: of({ run: { Entrypoint: ['/bin/sh\0'] } }), expected: 'IMAGE_INVALID' },
  { name: 'an entrypoint that is a text', make: of({ run: { Entrypoint: '/bin/sh' } }), expected: 'IMAGE_INVALID' },
  { name: 'a command of numbers', make: of({ run: { Cmd: [1, 2] } }), expected: 'IMAGE_INVALID' },
  { name: 'an environment that is an object', make: of({ run: { Env: { A: '1' } } }), expected: 'IMAGE_INVALID' },
  { name: 'an environment of objects', make: of({ run: { Env: [{ A: '1' }] } }), expected: 'IMAGE_INVALID' },
  { name: 'labels that are no texts', make: of({ run: { Labels: { a: { b: 1 } } } }), expected: 'IMAGE_INVALID' },
  {
    name: 'a hundred thousand words',
    make: of({ run: { Cmd: Array(100_000).fill('x') } }),
    expected: 'IMAGE_INVALID',
  },
];
