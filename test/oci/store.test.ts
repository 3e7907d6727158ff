import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import promises, { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { JobFailureCode } from '../../src/lib/job-failure.js';
import { onDisk } from '../../src/oci/durable-files.js';
import { readImage } from '../../src/oci/image.js';
import type { ImageRepository } from '../../src/oci/image-repository.js';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.js';
import type { StoreRepository } from '../../src/oci/store-repository.js';
import { Store } from '../../src/oci/store.js';
import { contentOf, descriptorOf, documentOf, smallImage } from '../support/documents.js';
import type { SmallImage } from '../support/documents.js';
import { temporaryFolder } from '../support/folders.js';
import { itWithFullDevice } from '../support/requirements.js';

const { signal } = new AbortController();
const ALICE = '0193a5b0-0000-7000-8000-00000000000a';
const BOB = '0193a5b0-0000-7000-8000-00000000000b';
const image = smallImage();

const folder = temporaryFolder();
let root: string;
let store: Store;
beforeEach(() => {
  root = join(folder, `store-${readdirSync(folder).length}`);
  store = new Store(root);
});

async function write(
  repository: ImageRepository,
  tag: string,
  { layerBlob, layer, configBlob, config, manifest }: SmallImage,
) {
  await repository.writeBlob(layerBlob, layer, signal);
  await repository.writeBlob(configBlob, config, signal);
  await repository.writeManifest(tag, manifest, signal);
}

function pathOf(digest: string): string {
  const hex = digest.slice('sha256:'.length);
  return join(root, 'blobs/sha256', hex.slice(0, 2), hex);
}

describe('Store', () => {
  it('keeps an image over a restart and leaves no temporary file', async () => {
    await write(store.repository(ALICE, 'team/app'), 'v1', image);
    const again = new Store(root).repository(ALICE, 'team/app');
    expect(await again.resolve('v1', signal)).toEqual(image.manifest);
    expect(await again.resolve(image.manifest.digest, signal)).toEqual(image.manifest);
    expect(await contentOf(await again.openBlob(image.layerBlob, signal))).toBe('layer');
    expect(await readImage(again, 'v1', 'amd64', signal)).toMatchObject({ imageId: image.configBlob.digest });
    expect(await again.findTags()).toEqual(['v1']);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  });

  it('moves a file in where it can', async () => {
    const file = store.temporaryFile();
    writeFileSync(file, image.layer);
    const { ino } = statSync(file);
    await store.repository(ALICE, 'app').writeBlob(image.layerBlob, { file }, signal);
    expect(statSync(pathOf(image.layerBlob.digest)).ino).toBe(ino);
    expect(existsSync(file)).toBe(false);
  });

  it('copies a file in from another file system', async () => {
    const file = `/dev/shm/build-catalog-test-${process.pid}`;
    writeFileSync(file, image.layer);
    const repository = store.repository(ALICE, 'app');
    await repository.writeBlob(image.layerBlob, { file }, signal);
    rmSync(file, { force: true });
    await write(repository, 'v1', image);
    expect(await contentOf(await repository.openBlob(image.layerBlob, signal))).toBe('layer');
  });

  it('moves a tag to a new image and keeps the old one under its digest', async () => {
    const repository = store.repository(ALICE, 'app');
    const other = smallImage({ config: { created: '2026-01-01T00:00:00Z' } });
    await write(repository, 'v1', image);
    await write(repository, 'v1', other);
    expect((await repository.resolve('v1', signal)).digest).toBe(other.manifest.digest);
    expect((await repository.resolve(image.manifest.digest, signal)).digest).toBe(image.manifest.digest);
  });

  it('shows an account nothing of another one, not even blobs it knows the digest of', async () => {
    await write(store.repository(ALICE, 'app'), 'v1', image);
    const bobs = store.repository(BOB, 'app');
    const notFound = { code: JobFailureCode.IMAGE_NOT_FOUND };
    await expect(bobs.resolve('v1', signal)).rejects.toMatchObject(notFound);
    await expect(bobs.resolve(image.manifest.digest, signal)).rejects.toMatchObject(notFound);
    await expect(bobs.openBlob(image.layerBlob, signal)).rejects.toMatchObject(notFound);
    expect(await bobs.findTags()).toBeUndefined();
    expect(await store.repository(ALICE, 'other').findBlobSize(image.layerBlob.digest)).toBeUndefined();
  });

  it('takes no manifest whose blobs are not there', async () => {
    const repository = store.repository(ALICE, 'app');
    await repository.writeBlob(image.layerBlob, image.layer, signal);
    await expect(repository.writeManifest('v1', image.manifest, signal)).rejects.toMatchObject({
      code: JobFailureCode.IMAGE_INVALID,
      message: expect.stringContaining(image.configBlob.digest),
    });
    await expect(repository.resolve('v1', signal)).rejects.toMatchObject({ code: JobFailureCode.IMAGE_NOT_FOUND });
  });

  it('takes an index once its manifests are there', async () => {
    const repository = store.repository(ALICE, 'app');
    const child = {
      ...descriptorOf(OCI_MANIFEST, image.manifest.bytes),
      platform: { os: 'linux', architecture: 'amd64' },
    };
    const index = documentOf(OCI_INDEX, { schemaVersion: 2, manifests: [child] });
    await expect(repository.writeManifest('all', index, signal)).rejects.toMatchObject({
      code: JobFailureCode.IMAGE_INVALID,
    });
    await write(repository, image.manifest.digest, image);
    await repository.writeManifest('all', index, signal);
    expect(await repository.findTags()).toEqual(['all']);
    expect(await readImage(repository, 'all', 'amd64', signal)).toMatchObject({ manifestDigest: child.digest });
  });

  it('takes no blob of another content or size', async () => {
    const repository = store.repository(ALICE, 'app');
    const mismatch = { code: JobFailureCode.DIGEST_MISMATCH };
    await expect(repository.writeBlob(image.layerBlob, Buffer.from('LAYER'), signal)).rejects.toMatchObject(mismatch);
    const file = store.temporaryFile();
    writeFileSync(file, 'longer layer');
    await expect(repository.writeBlob(image.layerBlob, { file }, signal)).rejects.toMatchObject(mismatch);
    const forged = { ...image.manifest, digest: image.layerBlob.digest };
    await expect(repository.writeManifest('v1', forged, signal)).rejects.toMatchObject(mismatch);
  });

  it('notices a blob that was damaged on the disk', async () => {
    const repository = store.repository(ALICE, 'app');
    await write(repository, 'v1', image);
    writeFileSync(pathOf(image.layerBlob.digest), 'LAYER');
    const reading = repository.openBlob(image.layerBlob, signal).then(contentOf);
    await expect(reading).rejects.toMatchObject({ code: JobFailureCode.DIGEST_MISMATCH });
  });

  it('mends a blob that was damaged on the disk when it is written again', async () => {
    const repository = store.repository(ALICE, 'app');
    const path = pathOf(image.layerBlob.digest);
    const file = store.temporaryFile();
    writeFileSync(file, image.layer);
    for (const content of [image.layer, { file }]) {
      await write(repository, 'v1', image);
      writeFileSync(path, 'LAYER');
      await repository.writeBlob(image.layerBlob, content, signal);
      expect(readFileSync(path, 'utf8')).toBe('layer');
    }
  });

  it('makes durable what a process that died may have left in the page cache only', async () => {
    const path = pathOf(image.layerBlob.digest);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, image.layer);
    const opened = jest.spyOn(promises, 'open');
    await store.repository(ALICE, 'app').writeBlob(image.layerBlob, image.layer, signal);
    await store.repository(ALICE, 'app').writeBlob(image.configBlob, image.config, signal);
    const paths = opened.mock.calls.map(([name]) => name);
    opened.mockRestore();
    const folders = [dirname(path), dirname(dirname(path)), dirname(pathOf(image.configBlob.digest))];
    expect(paths).toEqual(expect.arrayContaining([path, ...folders]));
  });

  it('keeps its files to itself', async () => {
    const repository = store.repository(ALICE, 'app');
    const file = store.temporaryFile();
    writeFileSync(file, image.layer, { mode: 0o644 });
    await repository.writeBlob(image.layerBlob, { file }, signal);
    await write(repository, 'v1', image);
    const all = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => statSync(join(root, name)));
    const modes = all.filter((found) => found.isFile()).map((found) => found.mode & 0o777);
    expect(modes.length).toBeGreaterThan(5);
    expect(new Set(modes)).toEqual(new Set([0o600]));
  });

  it('is written by many at once', async () => {
    const repository = store.repository(ALICE, 'app');
    await Promise.all(Array.from({ length: 20 }, (_, at) => write(repository, `v${at}`, image)));
    expect(await repository.findTags()).toHaveLength(20);
  });

  describe('written by two processes', () => {
    let other: Store;
    let repository: StoreRepository;
    beforeEach(async () => {
      other = new Store(root);
      repository = store.repository(ALICE, 'app');
      await write(repository, 'v1', image);
    });

    /** Does the work of the other process just before the first such call for that file. */
    function before(call: 'rename' | 'rm', path: string, work: () => Promise<unknown>): void {
      const original = promises[call] as (...args: unknown[]) => Promise<void>;
      const spy = jest.spyOn(promises, call).mockImplementation(async (...args: unknown[]) => {
        const target = String(call === 'rm' ? args[0] : args[1]);
        if (target === join(root, 'accounts', ALICE, 'app', path)) {
          spy.mockRestore();
          await work();
        }
        return original(...args);
      });
    }
    const { digest } = image.manifest;
    const file = (kind: string, of: string) => join(kind, of.slice('sha256:'.length));

    it('has no tag that leads nowhere where its manifest is deleted while it is tagged', async () => {
      before('rename', '_tags/v2', () => other.upkeep(ALICE, 'app').deleteManifest(digest));
      await repository.writeManifest('v2', image.manifest, signal);
      expect((await repository.resolve('v2', signal)).digest).toBe(digest);
      before('rm', file('_manifests', digest), () =>
        other.repository(ALICE, 'app').writeManifest('v3', image.manifest, signal),
      );
      expect(await store.upkeep(ALICE, 'app').deleteManifest(digest)).toBe(true);
      expect(await repository.findTags()).toEqual([]);
    });

    it('has no image without its blobs where one is deleted while its manifest is written', async () => {
      await store.upkeep(ALICE, 'app').deleteManifest(digest);
      const blob = image.layerBlob.digest;
      const deleteIt = () => other.upkeep(ALICE, 'app').deleteBlob(blob);
      before('rename', file('_manifests', digest), deleteIt);
      await repository.writeManifest('v1', image.manifest, signal);
      expect(await repository.findBlobSize(blob)).toBe(5);
      await store.upkeep(ALICE, 'app').deleteManifest(digest);
      before('rm', file('_blobs', blob), () => repository.writeManifest('v1', image.manifest, signal));
      await expect(deleteIt()).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(await repository.findBlobSize(blob)).toBe(5);
    });
  });

  it.each(['..', '../x', 'A', 'a/../b', '_tags', '', 'a/'])('has no repository %j', (name) => {
    expect(() => store.repository(ALICE, name)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
    expect(() => store.repository(`../${name}`, 'app')).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });

  it.each(['../../x', '.', '', 'a/b'])('has no tag %j', async (tag) => {
    const repository = store.repository(ALICE, 'app');
    await write(repository, 'v1', image);
    await expect(repository.resolve(tag, signal)).rejects.toMatchObject({ code: JobFailureCode.IMAGE_NOT_FOUND });
    await expect(repository.writeManifest(tag, image.manifest, signal)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });

  it('removes at the start what processes that are gone left behind, and nothing else', async () => {
    const deadPid = spawnSync('true').pid;
    const machine = hostname().replace(/[^\w-]/g, '-');
    const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
    const put = (name: string, modifiedAt = new Date()) => {
      writeFileSync(join(root, 'tmp', name), '');
      utimesSync(join(root, 'tmp', name), modifiedAt, modifiedAt);
    };
    put(`${machine}.${deadPid}.dead`);
    put(`${machine}.${process.pid}.before-this-process`, yesterday);
    put(`${machine}.${process.pid}.ours`);
    put(`${machine}.${process.ppid}.alive`, yesterday);
    put('elsewhere.1.old', yesterday);
    put('elsewhere.1.young');
    mkdirSync(join(root, 'tmp', `${machine}.${deadPid}.folder`));
    await store.cleanTemporary();
    const left = readdirSync(join(root, 'tmp')).map((name) => name.split('.')[2]);
    expect(left.sort()).toEqual(['alive', 'ours', 'young']);
  });

  itWithFullDevice('says so when the disk is full', async () => {
    await expect(onDisk(() => writeFile('/dev/full', 'x'))).rejects.toMatchObject({
      code: JobFailureCode.DISK_FULL,
      hint: expect.stringContaining('DATA_DIR'),
    });
  });
});
