import { JobFailureCode } from '../../src/lib/job-failure.js';
import type { ImageIndex } from '../../src/oci/manifest.js';
import { choosePlatform, parseManifest, typeOfManifest } from '../../src/oci/manifest.js';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { descriptorOf, documentOf, smallImage } from '../support/documents.js';

const child = descriptorOf(OCI_MANIFEST, Buffer.from('x'));
const { configBlob, layerBlob } = smallImage();
const manifest = { schemaVersion: 2, config: configBlob, layers: [layerBlob] };
const index = { schemaVersion: 2, manifests: [child] };

describe('parseManifest', () => {
  it('reads manifests that do not name their own media type', () => {
    expect(parseManifest(documentOf(DOCKER_MANIFEST, manifest))).toMatchObject({
      kind: 'manifest',
      layers: [layerBlob],
    });
    expect(parseManifest(documentOf(OCI_INDEX, index))).toMatchObject({ kind: 'index', manifests: [child] });
  });

  it.each<[string, string, object | string]>([
    ['calls itself something else', OCI_MANIFEST, { ...manifest, mediaType: OCI_INDEX }],
    ['is an index, too', OCI_MANIFEST, { ...manifest, manifests: [child] }],
    ['is an image, too', OCI_INDEX, { ...index, layers: [] }],
    ['is an image, too, by its config', OCI_INDEX, { ...index, config: configBlob }],
    ['is of the first schema', OCI_MANIFEST, { ...manifest, schemaVersion: 1 }],
    ['is of an unknown type', 'application/json', manifest],
    ['has a digest of another kind', OCI_MANIFEST, { ...manifest, config: { ...configBlob, digest: 'md5:1' } }],
    [
      'has a digest that leads out of a folder',
      OCI_MANIFEST,
      { ...manifest, config: { ...configBlob, digest: 'sha256:../../x' } },
    ],
    ['has a negative size', OCI_MANIFEST, { ...manifest, layers: [{ ...layerBlob, size: -1 }] }],
    ['has a size that is no whole number', OCI_MANIFEST, { ...manifest, layers: [{ ...layerBlob, size: 1.5 }] }],
    [
      'has a size beyond what numbers can hold',
      OCI_MANIFEST,
      { ...manifest, layers: [{ ...layerBlob, size: 2 ** 60 }] },
    ],
    ['has a size in words', OCI_MANIFEST, { ...manifest, layers: [{ ...layerBlob, size: '5' }] }],
    ['has too many layers', OCI_MANIFEST, { ...manifest, layers: Array(257).fill(layerBlob) }],
    ['has no layers', OCI_MANIFEST, { ...manifest, layers: undefined }],
    ['is a list', OCI_MANIFEST, '[]'],
    ['is no JSON', OCI_MANIFEST, '{"schemaVersion":2,'],
    ['is nested too deeply', OCI_MANIFEST, `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['is too large', OCI_MANIFEST, ' '.repeat(4 * 1024 * 1024 + 1)],
  ])('refuses a manifest that %s', (_, mediaType, value) => {
    expect(() => parseManifest(documentOf(mediaType, value))).toThrow(
      expect.objectContaining({ code: JobFailureCode.IMAGE_INVALID }),
    );
  });

  it('never reads the urls of a layer', () => {
    const layers = [{ ...layerBlob, urls: ['https://evil.example/'] }];
    expect(JSON.stringify(parseManifest(documentOf(OCI_MANIFEST, { ...manifest, layers })))).not.toContain('evil');
  });

  it('believes a content type that says something, and else the document', () => {
    const { bytes } = documentOf('', { mediaType: OCI_MANIFEST });
    expect(typeOfManifest(`${OCI_INDEX}; charset=utf-8`, bytes)).toBe(OCI_INDEX);
    expect(typeOfManifest('application/json', bytes)).toBe(OCI_MANIFEST);
    expect(typeOfManifest(undefined, bytes)).toBe(OCI_MANIFEST);
  });
});

describe('choosePlatform', () => {
  const of = (...platforms: (string | undefined)[]): ImageIndex => ({
    kind: 'index',
    mediaType: OCI_INDEX,
    annotations: {},
    manifests: platforms.map((text, at) => {
      const [os = '', architecture = '', variant] = (text ?? '').split('/');
      const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
      return { ...descriptorOf(OCI_MANIFEST, Buffer.from(String(at))), ...(text === undefined ? {} : { platform }) };
    }),
  });
  const chosen = (index: ImageIndex, architecture: 'amd64' | 'arm64') =>
    index.manifests.indexOf(choosePlatform(index, architecture));

  it('takes the linux image of the architecture', () => {
    const index = of('windows/amd64', 'linux/arm/v7', 'linux/arm64/v8', 'linux/amd64', 'unknown/unknown');
    expect([chosen(index, 'amd64'), chosen(index, 'arm64')]).toEqual([3, 2]);
  });

  it('prefers the plain image to a variant of it', () => {
    expect(chosen(of('linux/arm64/v8', 'linux/arm64'), 'arm64')).toBe(1);
    expect(chosen(of('linux/amd64/v3', 'linux/amd64'), 'amd64')).toBe(1);
  });

  it('takes a lone image without a platform, whose config will tell', () => {
    expect(chosen(of(undefined, 'unknown/unknown'), 'arm64')).toBe(0);
  });

  it('says what there is where the architecture is absent', () => {
    expect(() => choosePlatform(of('linux/arm/v7', 'linux/s390x', 'unknown/unknown'), 'arm64')).toThrow(
      expect.objectContaining({
        code: JobFailureCode.ARCHITECTURE_NOT_AVAILABLE,
        message: 'There is no linux/arm64 image behind this reference, only linux/arm/v7, linux/s390x.',
      }),
    );
  });
});
