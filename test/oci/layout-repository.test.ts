import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { JobFailureCode } from '../../src/lib/job-failure.js';
import { readImage } from '../../src/oci/image.js';
import { LayoutRepository, isLayoutName } from '../../src/oci/layout-repository.js';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { contentOf, descriptorOf, documentOf, smallImage } from '../support/documents.js';
import type { SmallImage } from '../support/documents.js';
import { temporaryFolder } from '../support/folders.js';

const { signal } = new AbortController();
const image = smallImage();
const other = smallImage({ config: { created: '2026-01-01T00:00:00Z' } });
const parent = temporaryFolder();
let root: string;
let layout: LayoutRepository;

beforeEach(() => {
  root = join(parent, `layout-${readdirSync(parent).length}`);
  layout = new LayoutRepository(root);
});

async function writeBlobs({ layerBlob, layer, configBlob, config }: SmallImage) {
  await layout.writeBlob(configBlob, config, signal);
  await layout.writeBlob(layerBlob, layer, signal);
}

async function write(name: string, of: SmallImage = image) {
  await writeBlobs(of);
  await layout.writeManifest(name, of.manifest, signal);
}

const pathOf = (digest: string) => join(root, 'blobs', 'sha256', digest.slice('sha256:'.length));
const indexOf = () => JSON.parse(readFileSync(join(root, 'index.json'), 'utf8'));
const writeIndex = (index: object) => writeFileSync(join(root, 'index.json'), JSON.stringify(index));
const read = (name = 'v1') => readImage(new LayoutRepository(root), name, 'amd64', signal);
const entry = (named: string, change: object = {}) => ({
  ...descriptorOf(OCI_MANIFEST, image.manifest.bytes),
  annotations: { 'org.opencontainers.image.ref.name': named },
  ...change,
});
const failure = (code: JobFailureCode, message: RegExp | string) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('an OCI layout', () => {
  it('is read as it was written, by name, by digest and as the only image', async () => {
    await write('registry.example/team/app:v1');
    const { digest } = await layout.find(undefined);
    expect(digest).toBe(image.manifest.digest);
    for (const name of ['registry.example/team/app:v1', digest]) {
      expect(await layout.resolve(name, signal)).toEqual(image.manifest);
    }
    expect(await contentOf(await layout.openBlob(image.layerBlob, signal))).toBe('layer');
    expect((await read(digest)).imageId).toBe(image.configBlob.digest);
  });

  it('keeps what it holds, entries it knows nothing of too, and gives a name to the last writer', async () => {
    await write('v1');
    await write('v2');
    writeIndex({
      ...indexOf(),
      annotations: { a: 'b' },
      manifests: [...indexOf().manifests, entry('x', { future: 1 })],
    });
    await write('v1', other);
    const { annotations, manifests } = indexOf();
    expect(annotations).toEqual({ a: 'b' });
    expect(manifests.map((it: { digest: string }) => it.digest)).toEqual([
      image.manifest.digest,
      image.manifest.digest,
      other.manifest.digest,
    ]);
    expect(manifests[1]).toMatchObject({ future: 1 });
    await expect(layout.find(undefined)).rejects.toEqual(failure(JobFailureCode.IMAGE_INVALID, 'holds 2 images'));
  });

  it('follows an index to the image of the architecture', async () => {
    await write('v1');
    const platform = { os: 'linux', architecture: 'amd64' };
    const index = documentOf(OCI_INDEX, { schemaVersion: 2, manifests: [{ ...entry('v1'), platform }] });
    await layout.writeManifest('multi', index, signal);
    expect((await read('multi')).manifestDigest).toBe(image.manifest.digest);
  });

  it('keeps what refers to an image without counting it as an image', async () => {
    await write('v1');
    const subject = descriptorOf(OCI_MANIFEST, image.manifest.bytes);
    const body = { schemaVersion: 2, artifactType: 'text/plain', config: image.configBlob, layers: [], subject };
    const attached = documentOf(OCI_MANIFEST, body);
    await layout.attach(attached, signal);
    await layout.attach(attached, signal);
    expect(indexOf().manifests).toHaveLength(2);
    expect((await layout.find(undefined)).digest).toBe(image.manifest.digest);
    expect(await layout.resolve(attached.digest, signal)).toEqual(attached);
  });

  it('leaves no trace of an image that did not come about', async () => {
    await writeBlobs(image);
    await layout.discard();
    expect(existsSync(root)).toBe(false);
    await write('v1');
    layout = new LayoutRepository(root);
    await layout.writeBlob(image.layerBlob, image.layer, signal);
    await layout.writeBlob(other.configBlob, other.config, signal);
    await layout.discard();
    expect(existsSync(pathOf(other.configBlob.digest))).toBe(false);
    expect((await read()).imageId).toBe(image.configBlob.digest);
  });

  it('is not made in a folder that holds something else', async () => {
    mkdirSync(root);
    writeFileSync(join(root, 'thesis.txt'), '');
    await expect(write('v1')).rejects.toThrow('is a folder, but no OCI image layout');
    expect(readdirSync(root)).toEqual(['thesis.txt']);
  });

  it('takes no manifest whose parts are not there, and no name that skopeo would not read', async () => {
    await layout.writeBlob(image.configBlob, image.config, signal);
    await expect(layout.writeManifest('v1', image.manifest, signal)).rejects.toEqual(
      failure(JobFailureCode.IMAGE_NOT_FOUND, 'has no blob'),
    );
    await expect(layout.writeManifest('../v1', image.manifest, signal)).rejects.toThrow('is no name');
    expect(['v1', 'a/b:1', 'a--b', 'a+b'].every(isLayoutName)).toBe(true);
    expect(['', '/a', 'a b', 'a:', '..'].some(isLayoutName)).toBe(false);
  });
});

describe('a hostile OCI layout', () => {
  const DIGEST_OUTSIDE = `sha256:${'../'.repeat(20)}etc/passwd`;

  it.each<[string, () => void, RegExp]>([
    [
      'whose digest leads out',
      () => writeIndex({ ...indexOf(), manifests: [entry('v1', { digest: DIGEST_OUTSIDE })] }),
      /not a sha256/,
    ],
    ['whose index is no list', () => writeIndex({ schemaVersion: 2, manifests: {} }), /is not a list/],
    [
      'whose index is endless',
      () => writeFileSync(join(root, 'index.json'), ' '.repeat(5 * 1024 ** 2)),
      /has more than/,
    ],
    [
      'with two images of a name',
      () => writeIndex({ ...indexOf(), manifests: [entry('v1'), entry('v1', { digest: other.manifest.digest })] }),
      /calls two images "v1"/,
    ],
    [
      'of another version',
      () => writeFileSync(join(root, 'oci-layout'), '{"imageLayoutVersion":"9"}'),
      /unknown version/,
    ],
    ['whose index is a link', () => link(join(root, 'index.json')), /index.json" is no regular file/],
    ['whose config is a link', () => link(pathOf(image.configBlob.digest)), /is no regular file/],
    ['whose folder of blobs is a link', () => link(join(root, 'blobs', 'sha256')), /is no folder/],
    ['whose blobs are behind a link', () => link(join(root, 'blobs')), /is no folder/],
    ['whose manifest is a pipe', () => pipe(pathOf(image.manifest.digest)), /is no regular file/],
    ['whose config is a folder', () => folder(pathOf(image.configBlob.digest)), /is no regular file/],
  ])('%s is refused as invalid', async (_, spoil, message) => {
    await write('v1');
    spoil();
    await expect(read()).rejects.toEqual(failure(JobFailureCode.IMAGE_INVALID, message));
  });

  it.each<[string, string, JobFailureCode, RegExp]>([
    ['of other bytes', '{"schemaVersion":3}', JobFailureCode.DIGEST_MISMATCH, /has the digest/],
    ['that is huge', ' '.repeat(5 * 1024 ** 2), JobFailureCode.IMAGE_INVALID, /has more than/],
  ])('with a manifest %s fails by name', async (_, bytes, code, message) => {
    await write('v1');
    writeFileSync(pathOf(image.manifest.digest), bytes);
    await expect(read()).rejects.toEqual(failure(code, message));
  });

  it.each(['LAYER', 'layer and more', 'lay'])('with a layer exchanged for %p fails by name', async (bytes) => {
    await write('v1');
    writeFileSync(pathOf(image.layerBlob.digest), bytes);
    const content = layout.openBlob(image.layerBlob, signal).then(contentOf);
    await expect(content).rejects.toEqual(failure(JobFailureCode.DIGEST_MISMATCH, image.layerBlob.digest));
  });

  it('that is not there, or has no such image or blob, is told so', async () => {
    await expect(read()).rejects.toEqual(failure(JobFailureCode.IMAGE_NOT_FOUND, 'is no OCI image layout'));
    await write('v1');
    await expect(read('v2')).rejects.toEqual(failure(JobFailureCode.IMAGE_NOT_FOUND, 'no image "v2", only \\["v1"\\]'));
    rmSync(pathOf(image.configBlob.digest));
    await expect(read()).rejects.toEqual(failure(JobFailureCode.IMAGE_NOT_FOUND, 'has no blob'));
  });

  /** The same content, somewhere else. */
  function link(path: string): void {
    const elsewhere = join(parent, `elsewhere-${readdirSync(parent).length}`);
    renameSync(path, elsewhere);
    symlinkSync(elsewhere, path);
  }
  function pipe(path: string): void {
    rmSync(path);
    execFileSync('mkfifo', [path]);
  }
  function folder(path: string): void {
    rmSync(path);
    mkdirSync(path);
  }
});
