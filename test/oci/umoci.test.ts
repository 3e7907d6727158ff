// What we flatten is what `umoci unpack` puts on a disk, wherever the image specification leaves no choice.
import * as fc from 'fast-check';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileTree } from '../../src/oci/file-tree.js';
import { applyLayer } from '../../src/oci/flatten.js';
import { readImage } from '../../src/oci/image.js';
import { ImageBudget, spoolLayer } from '../../src/oci/layer.js';
import { Store } from '../../src/oci/store.js';
import { CORPUS } from '../support/corpus/corpus.js';
import { imageOf, isSpecified } from '../support/corpus/image-content.js';
import type { CorpusImage, ImageContent, Members } from '../support/corpus/image-content.js';
import { putRaw } from '../support/corpus/raw-store.js';
import { differences, treeInMemory, umociTree } from '../support/corpus/umoci-tree.js';
import { randomLayers } from '../support/corpus/random-layers.js';
import { temporaryFolder } from '../support/folders.js';
import { tarOf } from '../support/tar-builder.js';
import { describeWith } from '../support/requirements.js';

const SCALE = Number(process.env.TEST_SCALE ?? 1);
const RUNS = SCALE > 1 ? 40 * SCALE : 15;
const root = temporaryFolder();
const { signal } = new AbortController();

interface Flattened {
  lines: Map<string, string>;
  listed: (path: string) => boolean;
}

/** As a conversion does it, from the stored bytes on. */
async function flattened(content: ImageContent, architecture: 'amd64' | 'arm64'): Promise<Flattened> {
  const folder = mkdtempSync(join(root, 'ours-'));
  putRaw(join(folder, 'store'), 'account', 'in', content);
  const repository = new Store(join(folder, 'store')).repository('account', 'in');
  const image = await readImage(repository, '1', architecture, signal);
  const tree = new FileTree();
  const spools: Buffer[] = [];
  const budget = new ImageBudget();
  for (const [at, layer] of image.layers.entries()) {
    const stream = await repository.openBlob(layer, signal);
    const source = { stream, mediaType: layer.mediaType, diffId: image.config.rootfs.diff_ids[at]! };
    const spool = await spoolLayer(source, { spoolPath: join(folder, `${at}.tar`), budget, signal });
    await applyLayer(tree, spool.entries, at, signal);
    spools.push(readFileSync(spool.spoolPath));
  }
  const lines = treeInMemory(tree, spools);
  // The time of a directory that is implied is 0, which no image of the corpus gives to one that it lists.
  return { lines, listed: (path) => !/^directory .*@0 /.test(lines.get(path) ?? '') };
}

async function compared(image: CorpusImage): Promise<string[]> {
  const { architecture = 'amd64', timeLostByUmoci = [] } = image;
  const content = image.make();
  const [ours, theirs] = await Promise.all([
    flattened(content, architecture),
    umociTree(mkdtempSync(join(root, 'theirs-')), content.tars),
  ]);
  return differences(ours.lines, theirs, (path) => ours.listed(path) && !timeLostByUmoci.includes(path));
}

describeWith(['umoci'], 'the flattened tree is that of umoci', () => {
  const specified = CORPUS.filter(isSpecified);

  it.each(specified.map((image) => [image.name, image] as const))('with %s', async (_name, image) => {
    expect(await compared(image)).toEqual([]);
  });

  it(
    'with layers thought up by chance',
    async () => {
      const outcomes = new Map<string, number>();
      const property = fc.asyncProperty(randomLayers, async (layers) => {
        const outcome = await outcomeOf(layers);
        outcomes.set(outcome.kind, (outcomes.get(outcome.kind) ?? 0) + 1);
        expect(outcome.differences).toEqual([]);
      });
      await fc.assert(property, { numRuns: RUNS });
      if (SCALE > 1) console.log(Object.fromEntries(outcomes));
      expect(outcomes.get('same tree')).toBeGreaterThan(RUNS / 4);
    },
    60_000 * SCALE,
  );
});

interface Outcome {
  kind: 'same tree' | 'refused by both' | 'refused by umoci only' | 'refused by us only' | 'different';
  differences: string[];
}

async function outcomeOf(layers: Members[]): Promise<Outcome> {
  const [ours, theirs] = await Promise.allSettled([
    flattened(imageOf({ layers }), 'amd64'),
    umociTree(
      mkdtempSync(join(root, 'theirs-')),
      layers.map((layer) => tarOf(layer)),
    ),
  ]);
  if (theirs.status === 'rejected') {
    if (ours.status === 'fulfilled') return { kind: 'refused by umoci only', differences: [] };
    expect(ours.reason).toMatchObject({ code: 'IMAGE_INVALID' });
    return { kind: 'refused by both', differences: [] };
  }
  if (ours.status === 'rejected') {
    // A marker leads through a loop that the marker before it has removed on umoci's disk.
    const isLoop = /leads through more than/.test(String(ours.reason));
    return { kind: 'refused by us only', differences: isLoop ? [] : [String(ours.reason)] };
  }
  // umoci sets the time of a directory before it removes what whiteouts hide in it.
  const isFolder = (path: string): boolean => ours.value.lines.get(path)?.startsWith('directory') ?? false;
  const found = differences(ours.value.lines, theirs.value, (path) => !isFolder(path));
  return { kind: found.length === 0 ? 'same tree' : 'different', differences: found };
}
