// The tree of an image whose layers have been read.
import { FileTree } from '../../src/oci/file-tree.js';
import { applyLayer } from '../../src/oci/flatten.js';
import type { TarEntry } from '../../src/oci/tar.js';

/** Layers from the lowest to the highest; `layer` of each node is the index in this list. */
export async function flattenLayers(layers: TarEntry[][]): Promise<FileTree> {
  const tree = new FileTree();
  const { signal } = new AbortController();
  for (const [index, entries] of layers.entries()) await applyLayer(tree, entries, index, signal);
  return tree;
}
