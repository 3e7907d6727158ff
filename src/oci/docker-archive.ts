// An archive as `docker save` and skopeo write it (`docker-archive:FILE`), as a repository that is only read, in place.
// Such an archive has no manifest of docker's second schema: the one made here follows from the archive alone.
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { badInput } from '../lib/errors.js';
import type { ArchiveImage } from './docker-archive-images.js';
import { chooseArchiveImage, parseArchiveImages } from './docker-archive-images.js';
import { hasCode } from './absent-files.js';
import { MAX_CONFIG_BYTES, parseImageConfig } from './image-config.js';
import { imageNotFound, invalidImage } from './image-failure.js';
import type { Descriptor, ImageRepository, ManifestDocument } from './image-repository.js';
import { MAX_MANIFEST_BYTES } from './manifest.js';
import { DOCKER_CONFIG, DOCKER_LAYER, DOCKER_LAYER_GZIP, DOCKER_MANIFEST, OCI_LAYER_ZSTD } from './media-types.js';
import { openRegularFile, readRange } from './regular-file.js';
import { TarIndex } from './tar-index.js';
import type { FileRange } from './tar-index.js';
import { sha256Digest, verified } from './verified.js';

const READ_BYTES = 1024 * 1024;

export class DockerArchive implements ImageRepository {
  private readonly manifests = new Map<string, ManifestDocument>();
  private readonly blobs = new Map<string, FileRange>();

  private constructor(
    private readonly file: FileHandle,
    private readonly index: TarIndex,
    private readonly images: ArchiveImage[],
  ) {}

  /** Reads the archive once; it stays open until `close`. Throws JobFailure IMAGE_NOT_FOUND, IMAGE_INVALID. */
  static async open(path: string, signal: AbortSignal): Promise<DockerArchive> {
    const opened = realpath(path).then(openRegularFile);
    const { file, size } = await opened.catch((error: unknown) => {
      throw hasCode(error, 'ENOENT', 'ENOTDIR') ? imageNotFound(`There is no file ${JSON.stringify(path)}.`) : error;
    });
    try {
      const magic = await readRange(file, 0, Math.min(size, 4));
      if (isGzip(magic)) throw invalidImage('the archive is compressed', 'Unpack it first: `gunzip FILE.tar.gz`.');
      const index = await TarIndex.read(file, signal);
      const list = index.find('manifest.json');
      if (!list) throw invalidImage('the archive has no manifest.json', 'Write it with `docker save` or skopeo.');
      return new DockerArchive(file, index, parseArchiveImages(await readBounded(file, list, MAX_MANIFEST_BYTES)));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * The image of a reference (`NAME[:TAG]`) or of a place in the archive (`@0`), or the only one; `resolve` then knows
   * its digest. `name` is the first of the archive's own for it, in full.
   */
  async find(wanted: string | undefined, signal: AbortSignal): Promise<{ digest: string; name: string | undefined }> {
    const image = chooseArchiveImage(this.images, wanted);
    const config = this.expect(image.config);
    const configBytes = await readBounded(this.file, config, MAX_CONFIG_BYTES);
    const { diff_ids: diffIds } = parseImageConfig(configBytes).rootfs;
    if (diffIds.length !== image.layers.length) {
      throw invalidImage(`the image has ${image.layers.length} layers, but its config lists ${diffIds.length}`);
    }
    const layers: Descriptor[] = [];
    for (const [at, path] of image.layers.entries()) {
      layers.push(await this.describeLayer(this.expect(path), diffIds[at]!, signal));
    }
    const configDigest = sha256Digest(configBytes);
    this.blobs.set(configDigest, config);
    const manifest = {
      ...{ schemaVersion: 2, mediaType: DOCKER_MANIFEST },
      config: { mediaType: DOCKER_CONFIG, digest: configDigest, size: configBytes.length },
      layers,
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    const digest = sha256Digest(bytes);
    this.manifests.set(digest, { mediaType: DOCKER_MANIFEST, digest, bytes });
    return { digest, name: image.names[0] };
  }

  async resolve(digest: string, signal: AbortSignal): Promise<ManifestDocument> {
    signal.throwIfAborted();
    const manifest = this.manifests.get(digest);
    if (!manifest) throw imageNotFound(`The archive has no image ${digest}.`);
    return manifest;
  }

  async openBlob(blob: Descriptor, signal: AbortSignal): Promise<Readable> {
    signal.throwIfAborted();
    const range = this.blobs.get(blob.digest);
    if (!range) throw imageNotFound(`The archive has no blob ${blob.digest}.`);
    return verified(this.stream(range), blob, { signal });
  }

  async writeBlob(): Promise<void> {
    throw readOnly();
  }

  async writeManifest(): Promise<void> {
    throw readOnly();
  }

  async attach(): Promise<void> {
    throw readOnly();
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private expect(path: string): FileRange {
    const range = this.index.find(path);
    if (!range) throw invalidImage(`the archive has no file ${JSON.stringify(path.slice(0, 200))}`);
    return range;
  }

  /** A layer is mostly a plain tar, whose digest its config has; only what is compressed has to be read for it. */
  private async describeLayer(range: FileRange, diffId: string, signal: AbortSignal): Promise<Descriptor> {
    const magic = await readRange(this.file, range.offset, Math.min(range.size, 4));
    const mediaType = isGzip(magic) ? DOCKER_LAYER_GZIP : isZstd(magic) ? OCI_LAYER_ZSTD : DOCKER_LAYER;
    const digest = mediaType === DOCKER_LAYER ? diffId : await this.digestOf(range, signal);
    this.blobs.set(digest, range);
    return { mediaType, digest, size: range.size };
  }

  private async digestOf(range: FileRange, signal: AbortSignal): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of this.stream(range)) {
      signal.throwIfAborted();
      hash.update(chunk as Buffer);
    }
    return `sha256:${hash.digest('hex')}`;
  }

  private stream(range: FileRange): Readable {
    return Readable.from(chunksOf(this.file, range));
  }
}

/** No stream of the file handle's own, which would close the file with itself. */
async function* chunksOf(file: FileHandle, { offset, size }: FileRange): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; at += READ_BYTES) yield readRange(file, offset + at, Math.min(READ_BYTES, size - at));
}

async function readBounded(file: FileHandle, { offset, size }: FileRange, maxBytes: number): Promise<Buffer> {
  if (size > maxBytes) throw invalidImage(`a document in the archive has more than ${maxBytes} bytes`);
  return readRange(file, offset, size);
}

const isGzip = (magic: Buffer): boolean => magic.length >= 2 && magic.readUInt16BE(0) === 0x1f8b;
const isZstd = (magic: Buffer): boolean => magic.length >= 4 && magic.readUInt32LE(0) === 0xfd2fb528;

const readOnly = () => badInput('A docker archive is only read. Write to oci:DIR:NAME instead.');
