// The files of an image as a tree in memory: nodes know where their data lies in a layer's spool file.
// One node under two names is a hard link. Names are binary (latin1) strings, so that they sort bytewise.
import { imageTooLarge, invalidImage, quoteName } from './image-failure.js';

export type FileType = 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'pending-link';

export interface FileNode {
  type: FileType;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  size: number;
  /** Which layer's spool file holds the data, from 0, and where in it. */
  layer: number;
  offset: number;
  /** Target of a symlink; of a pending link the path that its layer has yet to resolve. */
  link: string;
  devMajor: number;
  devMinor: number;
  /** True once it has been bound to a second name. */
  shared: boolean;
  /** Of directories only. */
  children?: Map<string, FileNode>;
}

export type DirectoryNode = FileNode & { children: Map<string, FileNode> };

/** Files that layers list and directories that their paths imply. */
const MAX_NODES = 1_000_000;
const MAX_SYMLINKS = 40;
const MAX_DEPTH = 2048;
/** Linux knows no longer names, and its kernel leaves such files out of a ramdisk without a word (NAME_MAX). */
const MAX_NAME_BYTES = 255;
/** Of all look-ups in one tree: paths made to be slow end here, some seconds in; real images need a hundredth. */
const MAX_STEPS = 20_000_000;

/** The attributes of a directory that no layer lists; the time is fixed, so that two conversions give the same bytes. */
const IMPLIED_DIRECTORY = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };

export function newDirectory(attributes: Pick<FileNode, 'mode' | 'uid' | 'gid' | 'mtime'>): DirectoryNode {
  const { mode, uid, gid, mtime } = attributes;
  return {
    type: 'directory',
    mode,
    uid,
    gid,
    mtime,
    size: 0,
    layer: -1,
    offset: 0,
    link: '',
    devMajor: 0,
    devMinor: 0,
    shared: false,
    children: new Map(),
  };
}

export function isDirectory(node: FileNode | undefined): node is DirectoryNode {
  return node?.children !== undefined;
}

/** In bytewise order of their names. */
export function sortedChildren(children: Map<string, FileNode>): [string, FileNode][] {
  return [...children].sort(([a], [b]) => (a < b ? -1 : 1));
}

export interface ResolveOptions {
  /** Makes the directories that are missing; without it the answer is undefined where one is missing. */
  create: boolean;
  /** Asked before a symlink is followed, with where it stands; false gives undefined. */
  mayFollow?: (directory: DirectoryNode, name: string) => boolean;
}

export class FileTree {
  readonly root: DirectoryNode = newDirectory(IMPLIED_DIRECTORY);
  private nodes = 0;
  private steps = 0;

  /** @param maxNodes bounds the directories that long paths imply; what layers list is bounded as it is read */
  constructor(private readonly maxNodes = MAX_NODES) {}

  /** Path components without empty ones and `.`; `..` is refused, a leading slash means nothing. */
  split(path: string): string[] {
    this.count(path.length >> 6);
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.includes('..')) throw invalidImage(`a layer has the name ${quoteName(path)}, which leaves its root`);
    return parts;
  }

  set(directory: DirectoryNode, name: string, node: FileNode): void {
    if (++this.nodes > this.maxNodes) {
      throw imageTooLarge(`it has more than ${this.maxNodes} files and directories`, 'Remove files from the image.');
    }
    if (name.length > MAX_NAME_BYTES) throw invalidImage(`the name ${quoteName(name)}... has more than 255 bytes`);
    directory.children.set(ownString(name), node);
  }

  /** The directory that a path names; symlinks on the way, and at its end, are followed within this tree only. */
  directoryAt(path: string[], options: ResolveOptions): DirectoryNode | undefined {
    const trail: DirectoryNode[] = [];
    const todo = [...path].reverse();
    let followed = 0;
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      this.count(1 + (name.length >> 6));
      const here = trail.at(-1) ?? this.root;
      if (name === '..') {
        trail.pop();
        continue;
      }
      const child = here.children.get(name);
      if (child?.type === 'symlink') {
        if (options.mayFollow?.(here, name) === false) return undefined;
        if (++followed > MAX_SYMLINKS) throw tooManySymlinks(path);
        if (child.link.startsWith('/')) trail.length = 0;
        // A target is kept as written, so what padding costs is counted each time.
        this.count(child.link.length >> 2);
        pushTarget(todo, child.link);
        continue;
      }
      const next = isDirectory(child) ? child : this.implied(here, name, options.create);
      if (!next) return undefined;
      if (trail.length >= MAX_DEPTH) throw invalidImage(`${quoteName(path.join('/'))} lies too deep`);
      trail.push(next);
    }
    return trail.at(-1) ?? this.root;
  }

  /** What stands at a path; the last component is not followed. */
  find(path: string[]): FileNode | undefined {
    const name = path.at(-1);
    if (name === undefined) return this.root;
    return this.directoryAt(path.slice(0, -1), { create: false })?.children.get(name);
  }

  private count(steps: number): void {
    this.steps += steps;
    if (this.steps > MAX_STEPS) throw imageTooLarge('its paths are too long', 'Remove files from the image.');
  }

  private implied(parent: DirectoryNode, name: string, create: boolean): DirectoryNode | undefined {
    if (!create) return undefined;
    const made = newDirectory(IMPLIED_DIRECTORY);
    this.set(parent, name, made);
    return made;
  }
}

/** A part of a path would keep the whole of it in memory. */
function ownString(part: string): string {
  return Buffer.from(part, 'latin1').toString('latin1');
}

function pushTarget(todo: string[], link: string): void {
  const parts = link.split('/').filter((part) => part !== '' && part !== '.');
  for (const part of parts.reverse()) todo.push(part);
}

function tooManySymlinks(path: string[]): Error {
  return invalidImage(`${quoteName(path.join('/'))} leads through more than ${MAX_SYMLINKS} symlinks`);
}
