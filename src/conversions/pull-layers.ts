// Brings the layers of an image in, from the cache or from where the image is, and lays them over each other.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { JobStep } from '../events/job-step.js';
import { JobFailure } from '../lib/job-failure.js';
import { DiskWatch, requireSpace } from '../oci/disk-space.js';
import { FileTree } from '../oci/file-tree.js';
import { applyLayer } from '../oci/flatten.js';
import type { OnBytes } from '../oci/image-repository.js';
import type { Image } from '../oci/image.js';
import { ImageBudget, indexSpool, spoolLayer } from '../oci/layer.js';
import type { LayerIndex } from '../oci/layer.js';
import type { LostAttributes, TarEntry } from '../oci/tar.js';
import type { ConversionPlace, ConversionReports } from './conversion-place.js';
import { stepProgress } from './step-progress.js';

export interface PulledLayers {
  tree: FileTree;
  /** Of the unpacked layers, lowest first. */
  spoolPaths: string[];
}

/**
 * Layers one after the other: two at once would gain little and double what may be in memory. Each is laid over those
 * below before the next one comes, so that only one list of entries is held.
 */
export async function pullLayers(
  image: Image,
  place: ConversionPlace,
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<PulledLayers> {
  const total = image.layers.reduce((sum, { size }) => sum + size, 0);
  // As stored they take this much, but for those of the cache; unpacked it is watched.
  await requireSpace(place.spoolDir, await bytesToPull(image, place));
  const full = new AbortController();
  const watch = new DiskWatch(place.spoolDir, (failure) => full.abort(failure));
  const onBytes = stepProgress(reports, JobStep.PULLING, [0, 40], total);
  const intake = new LayerIntakes(image, place, reports, {
    ...{ signal: AbortSignal.any([signal, full.signal]), onBytes, onUnpacked: watch.wrote },
  });
  const tree = new FileTree();
  const lost = { entries: 0, withCapabilities: 0 };
  const spoolPaths = image.layers.map((_, index) => join(place.spoolDir, `layer-${index}.tar`));
  const top = image.layers.length - 1;
  let uppermost: TarEntry[] = [];
  for (const index of image.layers.keys()) {
    const { entries, lost: ofLayer } = await intake.bringIn(index, spoolPaths[index]!);
    lost.entries += ofLayer.entries;
    lost.withCapabilities += ofLayer.withCapabilities;
    if (index === top) uppermost = entries;
    else await applyLayer(tree, entries, index, signal);
  }
  reports.progress({ step: JobStep.FLATTENING, progress: 40 });
  await applyLayer(tree, uppermost, top, signal);
  if (lost.entries > 0) reports.warn(attributesLost(lost));
  return { tree, spoolPaths };
}

async function bytesToPull({ layers, config }: Image, { cache }: ConversionPlace): Promise<number> {
  let bytes = 0;
  for (const [index, layer] of layers.entries()) {
    const isCached = await cache?.has(layer, config.rootfs.diff_ids[index]!);
    if (!isCached) bytes += layer.size;
  }
  return bytes;
}

const attributesLost = ({ entries, withCapabilities }: LostAttributes) => ({
  code: 'ATTRIBUTES_LOST',
  message: `${entries} files of the layers have extended attributes, ${withCapabilities} of them capabilities: a ramdisk holds none, so the enclave will not have them.`,
});

class LayerIntakes {
  private readonly budget = new ImageBudget();

  constructor(
    private readonly image: Image,
    private readonly place: ConversionPlace,
    private readonly reports: ConversionReports,
    private readonly options: { signal: AbortSignal; onBytes: OnBytes; onUnpacked: OnBytes },
  ) {}

  async bringIn(index: number, spoolPath: string): Promise<LayerIndex> {
    const layer = this.image.layers[index]!;
    const startedAt = performance.now();
    const fromCache = await this.fromCache(index, spoolPath);
    const found = fromCache ?? (await this.pull(index, spoolPath));
    const where = fromCache ? 'from the cache' : `pulled, ${layer.size} bytes`;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const name = `Layer ${index + 1} of ${this.image.layers.length} ${layer.digest}`;
    this.reports.log(`${name}: ${where}, ${found.uncompressedBytes} bytes unpacked, ${seconds} s.`);
    return found;
  }

  private async fromCache(index: number, spoolPath: string): Promise<LayerIndex | undefined> {
    const { cache } = this.place;
    const layer = this.image.layers[index]!;
    const diffId = this.diffIdOf(index);
    if (!(await cache?.take(layer, diffId, spoolPath))) return undefined;
    const { budget } = this;
    const before = { ...budget };
    try {
      const { signal, onBytes } = this.options;
      const found = await indexSpool(diffId, { spoolPath, budget, signal });
      onBytes(layer.size);
      return found;
    } catch (error) {
      this.options.signal.throwIfAborted();
      // Whatever it seems to be: it was none of that when it came.
      if (!(error instanceof JobFailure)) throw error;
      this.reports.log(`Layer ${layer.digest} is damaged in the cache and is pulled again.`);
      await cache?.drop(layer, diffId);
      await rm(spoolPath, { force: true });
      Object.assign(budget, before);
      return undefined;
    }
  }

  private async pull(index: number, spoolPath: string): Promise<LayerIndex> {
    const { budget, options } = this;
    const layer = this.image.layers[index]!;
    const diffId = this.diffIdOf(index);
    const stream = await this.place.input.openBlob(layer, options.signal);
    const source = { stream, mediaType: layer.mediaType, diffId };
    const found = await spoolLayer(source, { spoolPath, budget, ...options });
    await this.place.cache?.keep(layer, diffId, spoolPath).catch((error: unknown) => {
      this.reports.log(`Layer ${layer.digest} could not be kept in the cache (${String(error)}).`);
    });
    return found;
  }

  private diffIdOf(index: number): string {
    return this.image.config.rootfs.diff_ids[index]!;
  }
}
