import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { JobFailureCode } from '../../src/lib/job-failure.js';
import { DockerArchive } from '../../src/oci/docker-archive.js';
import { readImage } from '../../src/oci/image.js';
import { contentOf } from '../support/documents.js';
import { temporaryFolder } from '../support/folders.js';
import { sha256, tarOf } from '../support/tar-builder.js';
import type { Member } from '../support/tar-builder.js';

const { signal } = new AbortController();
const folder = temporaryFolder();
const layer = tarOf([{ name: 'hello', data: 'hello' }]);
const upper = tarOf([{ name: 'world', data: 'world' }]);
let archives = 0;

const configOf = (...layers: Buffer[]) =>
  JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: layers.map(sha256) } });
const listOf = (...images: object[]): Member => ({ name: 'manifest.json', data: JSON.stringify(images) });
const image = (change: object = {}) => ({
  Config: 'c.json',
  RepoTags: ['acme/hello:1'],
  Layers: ['a.tar', 'b/layer.tar'],
  ...change,
});
const config: Member = { name: 'c.json', data: configOf(layer, upper) };
const files: Member[] = [config, { name: 'a.tar', data: layer }, { name: 'b/layer.tar', data: upper }];

function write(members: Member[], pack = (tar: Buffer) => tar): string {
  const path = join(folder, `archive-${++archives}.tar`);
  writeFileSync(path, pack(tarOf(members)));
  return path;
}

async function read(path: string, name?: string) {
  const archive = await DockerArchive.open(path, signal);
  try {
    const found = await archive.find(name, signal);
    const { layers, imageId } = await readImage(archive, found.digest, 'amd64', signal);
    const contents = [];
    for (const it of layers) contents.push(await contentOf(await archive.openBlob(it, signal)));
    return { ...found, layers, imageId, contents };
  } finally {
    await archive.close();
  }
}

const invalid = (message: string | RegExp, code = JobFailureCode.IMAGE_INVALID) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('a docker archive', () => {
  it('is read in place, always with the same manifest', async () => {
    const [first, again] = [
      await read(write([...files, listOf(image())])),
      await read(write([listOf(image()), ...files])),
    ];
    expect(first.contents).toEqual([layer.toString(), upper.toString()]);
    expect(first.layers.map(({ digest }) => digest)).toEqual([sha256(layer), sha256(upper)]);
    expect(first.imageId).toBe(sha256(Buffer.from(config.data!)));
    expect(first.name).toBe('docker.io/acme/hello:1');
    expect(again.digest).toBe(first.digest);
  });

  it('may have links between its layers, compressed layers, empty ones, and the same one twice', async () => {
    const packed = gzipSync(upper);
    const members: Member[] = [
      { name: 'c.json', data: configOf(layer, layer, upper, Buffer.alloc(0)) },
      { name: './a.tar', data: layer },
      { name: 'old/layer.tar', link: '../a.tar' },
      { name: 'new/layer.tar', link: 'b.tar.gz', flag: '1' },
      { name: 'b.tar.gz', data: packed },
      { name: 'empty.tar', data: '' },
    ];
    const Layers = ['a.tar', 'old/layer.tar', 'new/layer.tar', 'empty.tar'];
    const { layers } = await read(write([...members, listOf(image({ Layers }))]));
    expect(layers.map(({ digest }) => digest)).toEqual([
      sha256(layer),
      sha256(layer),
      sha256(packed),
      sha256(Buffer.alloc(0)),
    ]);
    expect(layers.map(({ mediaType }) => mediaType.endsWith('gzip'))).toEqual([false, false, true, false]);
  });

  it('with several images wants to know which, by name or by place', async () => {
    const second = image({ Layers: ['a.tar'], Config: 'd.json', RepoTags: null });
    const path = write([...files, { name: 'd.json', data: configOf(layer) }, listOf(image(), second)]);
    await expect(read(path)).rejects.toEqual(invalid('holds 2 images'));
    expect((await read(path, 'docker.io/acme/hello:1')).layers).toHaveLength(2);
    expect((await read(path, '@1')).layers).toHaveLength(1);
    const absent = invalid('has no image.*docker.io/acme/hello:1.*@1', JobFailureCode.IMAGE_NOT_FOUND);
    for (const name of ['acme/hello:2', '@2']) await expect(read(path, name)).rejects.toEqual(absent);
    await expect(read(path, `acme/hello@${sha256(layer)}`)).rejects.toThrow('named without a digest');
  });
});

describe('a hostile docker archive', () => {
  it.each<[string, Member[], RegExp]>([
    ['without a list of images', files, /has no manifest.json/],
    ['with a list that is none', [...files, { name: 'manifest.json', data: '{}' }], /manifest.json is not a list/],
    [
      'with a huge list',
      [...files, { name: 'manifest.json', data: ' '.repeat(5 * 1024 ** 2) }],
      /more than 4194304 bytes/,
    ],
    ['without a layer', [config, listOf(image())], /has no file "a.tar"/],
    [
      'with fewer layers than diff_ids',
      [...files, listOf(image({ Layers: ['a.tar'] }))],
      /1 layers, but its config lists 2/,
    ],
    ['whose layer leads out', [...files, listOf(image({ Layers: ['a.tar', '../../../etc/passwd'] }))], /has no file/],
    [
      'whose layer is a link that leads out',
      [config, files[1]!, { name: 'b/layer.tar', link: '../../../etc/passwd' }, listOf(image())],
      /has no file "b\/layer.tar"/,
    ],
    [
      'whose layer is a link to itself',
      [config, files[1]!, { name: 'b/layer.tar', link: 'layer.tar' }, listOf(image())],
      /chain of links/,
    ],
    ['whose layer is a device', [config, files[1]!, { name: 'b/layer.tar', flag: '3' }, listOf(image())], /is no file/],
    ['with a layer twice', [...files, { name: './a.tar', data: upper }, listOf(image())], /has "a.tar" twice/],
    ['with a name of another type', [...files, listOf(image({ RepoTags: [7] }))], /is not a text/],
    [
      'with more files than any has',
      [...Array.from({ length: 20_001 }, (_, at) => ({ name: `${at}` })), listOf(image())],
      /more than 20000 files/,
    ],
  ])('%s is refused as invalid', async (_, members, message) => {
    await expect(read(write(members))).rejects.toEqual(invalid(message));
  });

  it('that is compressed, cut off, or no archive at all is told so', async () => {
    const members = [...files, listOf(image())];
    await expect(read(write(members, gzipSync))).rejects.toEqual(invalid('is compressed'));
    await expect(read(write(members, (tar) => tar.subarray(0, 600)))).rejects.toEqual(
      invalid('the archive is a truncated tar'),
    );
    await expect(read(write(members, () => Buffer.alloc(2048, 'x')))).rejects.toEqual(invalid('invalid'));
    await expect(read(folder)).rejects.toEqual(invalid('is no regular file'));
    await expect(read(join(folder, 'none'))).rejects.toEqual(
      invalid('There is no file', JobFailureCode.IMAGE_NOT_FOUND),
    );
  });

  it('whose layer is not what its config says fails by its digest', async () => {
    const members = [config, { name: 'a.tar', data: upper }, files[2]!, listOf(image())];
    await expect(read(write(members))).rejects.toEqual(invalid('came with the digest', JobFailureCode.DIGEST_MISMATCH));
  });

  it('is only read', async () => {
    const archive = await DockerArchive.open(write([...files, listOf(image())]), signal);
    for (const change of [archive.writeBlob(), archive.writeManifest(), archive.attach()]) {
      await expect(change).rejects.toThrow('only read');
    }
    await archive.close();
  });
});
