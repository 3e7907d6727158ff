// Lays one layer over a tree by the rules of the OCI image specification (layer.md, "Applying changesets").
// Whiteouts come first, in a pass of their own: they hide what lower layers hold, wherever in the layer they stand.
import { FileTree, isDirectory, newDirectory, splitPath } from './file-tree.js';
import type { DirectoryNode, FileNode } from './file-tree.js';
import { invalidImage, quoteName } from './image-failure.js';
import type { TarEntry } from './tar.js';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const AUFS_METADATA = '.wh..wh.';
// Links are listed after their targets, so that a chain of links that are all still pending is somebody's joke.
const MAX_LINK_CHAIN = 40;

interface PendingLink {
  directory: DirectoryNode;
  name: string;
  node: FileNode;
}

/** Layers from the lowest to the highest; `layer` of each node is the index in this list. */
export function flattenLayers(layers: Iterable<TarEntry[]>): FileTree {
  const tree = new FileTree();
  let layer = 0;
  for (const entries of layers) applyLayer(tree, entries, layer++);
  return tree;
}

export function applyLayer(tree: FileTree, entries: TarEntry[], layer: number): void {
  applyWhiteouts(tree, entries);
  const links: PendingLink[] = [];
  for (const entry of entries) {
    const path = splitPath(entry.path);
    const name = path.pop();
    if (name === undefined) applyRoot(tree, entry);
    else if (!isMarker(entry, name) && !isAufsMetadata(path[0] ?? name)) {
      const directory = tree.directoryAt(path, { create: true })!;
      const node = place(tree, directory, name, { entry, layer });
      if (node.type === 'pending-link') links.push({ directory, name, node });
    }
  }
  bindLinks(tree, links);
}

// A whiteout counts for lower layers only, so the tree is still as they left it.
function applyWhiteouts(tree: FileTree, entries: TarEntry[]): void {
  let listed: Set<string> | undefined;
  for (const entry of entries) {
    const path = splitPath(entry.path);
    const name = path.pop();
    if (name === undefined || !isMarker(entry, name)) continue;
    // Below a symlink that this layer itself replaces there is nothing of a lower layer.
    const mayFollow = (link: string[]): boolean => {
      listed ??= new Set(entries.map((other) => splitPath(other.path).join('/')));
      return !listed.has(link.join('/'));
    };
    const directory = tree.directoryAt(path, { create: false, mayFollow });
    const hidden = name === OPAQUE || name.startsWith(AUFS_METADATA) ? undefined : hiddenName(entry.path, name);
    if (name === OPAQUE) directory?.children.clear();
    else if (hidden !== undefined) directory?.children.delete(hidden);
  }
}

function isMarker(entry: TarEntry, name: string): boolean {
  // Whiteouts of AUFS were hard links to one empty file.
  return name.startsWith(WHITEOUT) && (entry.type === 'file' || entry.type === 'hardlink');
}

function isAufsMetadata(topName: string): boolean {
  return topName.startsWith(AUFS_METADATA);
}

function hiddenName(path: string, marker: string): string {
  const name = marker.slice(WHITEOUT.length);
  if (name === '' || name === '.' || name === '..') {
    throw invalidImage(`a layer has the whiteout ${quoteName(path)}, which hides nothing that could exist`);
  }
  return name;
}

function applyRoot(tree: FileTree, entry: TarEntry): void {
  if (entry.type !== 'directory') throw invalidImage('a layer replaces the root directory by something else');
  const { mode, uid, gid, mtime } = entry;
  Object.assign(tree.root, { mode, uid, gid, mtime });
}

function place(
  tree: FileTree,
  directory: DirectoryNode,
  name: string,
  { entry, layer }: { entry: TarEntry; layer: number },
): FileNode {
  const there = directory.children.get(name);
  if (entry.type === 'directory') {
    if (isDirectory(there)) {
      const { mode, uid, gid, mtime } = entry;
      return Object.assign(there, { mode, uid, gid, mtime });
    }
    const made = newDirectory(entry);
    tree.set(directory, name, made);
    return made;
  }
  const { mode, uid, gid, mtime, size, offset, link, devMajor, devMinor } = entry;
  const type = entry.type === 'hardlink' ? 'pending-link' : entry.type;
  const node: FileNode = { type, mode, uid, gid, mtime, size, layer, offset, link, devMajor, devMinor, shared: false };
  tree.set(directory, name, node);
  return node;
}

// Links are bound when their layer is complete, and to the file itself: what replaces the target later leaves them alone.
function bindLinks(tree: FileTree, links: PendingLink[]): void {
  for (const { directory, name, node } of links) {
    // A later entry of the layer may have taken the name.
    if (directory.children.get(name) !== node) continue;
    const target = targetOf(tree, node);
    target.shared = true;
    directory.children.set(name, target);
  }
}

function targetOf(tree: FileTree, link: FileNode): FileNode {
  let node = tree.find(splitPath(link.link));
  for (let hops = 0; node?.type === 'pending-link' && hops < MAX_LINK_CHAIN; hops++) {
    node = tree.find(splitPath(node.link));
  }
  if (node && !isDirectory(node) && node.type !== 'pending-link') return node;
  throw invalidImage(`a layer has a hard link to ${quoteName(link.link)}, which is no file of the image`);
}
