// Lays one layer over a tree by the rules of the OCI image specification (layer.md, "Applying changesets").
// Whiteouts come first, in a pass of their own: they hide what lower layers hold, wherever in the layer they stand.
import { isDirectory, newDirectory } from './file-tree.js';
import type { DirectoryNode, FileNode, FileTree } from './file-tree.js';
import { invalidImage, quoteName } from './image-failure.js';
import type { TarEntry } from './tar.js';
import { Turns } from './turns.js';

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

/** Layers come from the lowest to the highest; `layer` is what their files' nodes will say. */
export async function applyLayer(
  tree: FileTree,
  entries: TarEntry[],
  layer: number,
  signal: AbortSignal,
): Promise<void> {
  const turns = new Turns(signal);
  await applyWhiteouts(tree, entries, turns);
  const links: PendingLink[] = [];
  for (const entry of entries) {
    if (turns.due()) await turns.give();
    const path = tree.split(entry.path);
    const name = path.pop();
    if (name === undefined) applyRoot(tree, entry);
    else if (!isMarker(entry, name) && !isAufsMetadata(path[0] ?? name)) {
      const directory = tree.directoryAt(path, { create: true })!;
      if (entry.type === 'hardlink' && bindLink(tree, directory, name, entry)) continue;
      const node = place(tree, directory, name, { entry, layer });
      if (node.type === 'pending-link') links.push({ directory, name, node });
    }
  }
  await bindLinks(tree, links, turns);
}

// A whiteout counts for lower layers only, so the tree is still as they left it. All are resolved before the first one
// hides anything: the symlink on the way to one may be what another hides.
async function applyWhiteouts(tree: FileTree, entries: TarEntry[], turns: Turns): Promise<void> {
  const lower = new LowerTree(tree, entries, turns);
  const hidden: { directory: DirectoryNode; name: string }[] = [];
  for (const entry of entries) {
    if (turns.due()) await turns.give();
    if (!entry.path.includes(WHITEOUT)) continue;
    const path = tree.split(entry.path);
    const marker = path.pop();
    if (marker === undefined || !isMarker(entry, marker)) continue;
    if (marker.startsWith(AUFS_METADATA) && marker !== OPAQUE) continue;
    const name = marker === OPAQUE ? OPAQUE : hiddenName(entry.path, marker);
    const directory = await lower.directoryAt(path);
    if (directory) hidden.push({ directory, name });
  }
  for (const { directory, name } of hidden) {
    if (name === OPAQUE) directory.children.clear();
    else directory.children.delete(name);
  }
}

/** What lower layers hold and a layer does not replace: below a symlink that it replaces there is nothing of theirs. */
class LowerTree {
  /** By the directory they stand in; found out when the first symlink is met. */
  private replacedLinks?: Map<DirectoryNode, Set<string>>;

  constructor(
    private readonly tree: FileTree,
    private readonly entries: TarEntry[],
    private readonly turns: Turns,
  ) {}

  async directoryAt(path: string[]): Promise<DirectoryNode | undefined> {
    let metLink = false;
    const mayFollow = (parent: DirectoryNode, name: string): boolean => {
      metLink = true;
      return this.replacedLinks !== undefined && this.replacedLinks.get(parent)?.has(name) !== true;
    };
    const directory = this.tree.directoryAt(path, { create: false, mayFollow });
    if (this.replacedLinks || !metLink) return directory;
    this.replacedLinks = await this.findReplacedLinks();
    return this.tree.directoryAt(path, { create: false, mayFollow });
  }

  private async findReplacedLinks(): Promise<Map<DirectoryNode, Set<string>>> {
    const replaced = new Map<DirectoryNode, Set<string>>();
    const literally = { create: false, mayFollow: () => false };
    for (const entry of this.entries) {
      if (this.turns.due()) await this.turns.give();
      const path = this.tree.split(entry.path);
      const name = path.pop();
      const parent = name === undefined ? undefined : this.tree.directoryAt(path, literally);
      if (name === undefined || parent?.children.get(name)?.type !== 'symlink') continue;
      replaced.set(parent, (replaced.get(parent) ?? new Set()).add(name));
    }
    return replaced;
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

/** Binds a link to the file that its target is at this moment: what replaces the target later leaves the link alone. */
function bindLink(tree: FileTree, directory: DirectoryNode, name: string, { link }: TarEntry): boolean {
  const target = tree.find(tree.split(link));
  if (!target || isDirectory(target) || target.type === 'pending-link') return false;
  target.shared = true;
  tree.set(directory, name, target);
  return true;
}

// What links to a file that stands behind it waits until its layer is complete.
async function bindLinks(tree: FileTree, links: PendingLink[], turns: Turns): Promise<void> {
  for (const { directory, name, node } of links) {
    if (turns.due()) await turns.give();
    // A later entry of the layer may have taken the name.
    if (directory.children.get(name) !== node) continue;
    const target = targetOf(tree, node);
    target.shared = true;
    directory.children.set(name, target);
  }
}

function targetOf(tree: FileTree, link: FileNode): FileNode {
  let node = tree.find(tree.split(link.link));
  for (let hops = 0; node?.type === 'pending-link' && hops < MAX_LINK_CHAIN; hops++) {
    node = tree.find(tree.split(node.link));
  }
  if (node && !isDirectory(node) && node.type !== 'pending-link') return node;
  throw invalidImage(`a layer has a hard link to ${quoteName(link.link)}, which is no file of the image`);
}
