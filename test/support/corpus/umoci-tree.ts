// The tree that `umoci unpack` makes of an image, and the tree of ours, as lists of lines that can be compared.
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { sortedChildren } from '../../../src/oci/file-tree.js';
import type { FileNode, FileTree } from '../../../src/oci/file-tree.js';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../../src/oci/media-types.js';
import { descriptorOf } from '../documents.js';
import { run } from '../folders.js';

const MAX_UINT32 = 0xffff_ffff;

/**
 * Unpacks layers with umoci, each an uncompressed tar: how a layer is stored is not what is compared, and umoci reads
 * neither zstd nor docker's types. Throws with what umoci wrote.
 */
export async function umociTree(folder: string, tars: Buffer[]): Promise<Map<string, string>> {
  const layout = join(folder, 'layout');
  const bundle = join(folder, 'bundle');
  writeLayout(layout, tars);
  try {
    await run('umoci', 'unpack', ...(isRoot() ? [] : ['--rootless']), '--image', `${layout}:1`, bundle);
    return treeOnDisk(join(bundle, 'rootfs'));
  } finally {
    rmSync(layout, { recursive: true });
    rmSync(bundle, { recursive: true, force: true });
  }
}

export const isRoot = (): boolean => process.getuid?.() === 0;

function writeLayout(layout: string, tars: Buffer[]): void {
  mkdirSync(join(layout, 'blobs', 'sha256'), { recursive: true });
  const put = (mediaType: string, bytes: Buffer) => {
    const descriptor = descriptorOf(mediaType, bytes);
    writeFileSync(join(layout, 'blobs', 'sha256', descriptor.digest.slice('sha256:'.length)), bytes);
    return descriptor;
  };
  const putJson = (mediaType: string, value: object) => put(mediaType, Buffer.from(JSON.stringify(value)));
  const layers = tars.map((tar) => put(OCI_LAYER, tar));
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) };
  const config = putJson(OCI_CONFIG, { architecture: 'amd64', os: 'linux', config: { Cmd: ['/x'] }, rootfs });
  const manifest = putJson(OCI_MANIFEST, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers });
  const annotations = { 'org.opencontainers.image.ref.name': '1' };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  writeFileSync(join(layout, 'index.json'), JSON.stringify(index));
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}

interface Attributes {
  type: string;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  /** Content of a file, target of a symlink, numbers of a device. */
  what: string;
}

// A symlink has no mode. Times are as a ramdisk holds them.
function lineOf({ type, mode, uid, gid, mtime, what }: Attributes, names: string[]): string {
  const seconds = Math.min(Math.max(mtime, 0), MAX_UINT32);
  const permissions = type === 'symlink' ? '' : mode.toString(8);
  return [type, permissions, `${uid}:${gid}`, `@${seconds}`, what, ...names.map((name) => `= ${name}`)].join(' ');
}

function treeOnDisk(rootfs: string): Map<string, string> {
  const nodes = new Map<string, { key: string; attributes: Attributes }>();
  const todo = [''];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    const full = Buffer.concat([Buffer.from(rootfs), Buffer.from(path === '' ? '' : `/${path}`, 'latin1')]);
    const stats = lstatSync(full, { bigint: true });
    nodes.set(path, { key: `${stats.ino}`, attributes: attributesOnDisk(full, stats) });
    if (!stats.isDirectory()) continue;
    for (const name of readdirSync(full, { encoding: 'latin1' })) todo.push(path === '' ? name : `${path}/${name}`);
  }
  return linesOf(nodes);
}

function attributesOnDisk(full: Buffer, stats: BigIntStats): Attributes {
  const [uid, gid, mtime] = [Number(stats.uid), Number(stats.gid), Number(stats.mtimeNs / 1_000_000_000n)];
  const mode = Number(stats.mode & 0o7777n);
  const common = { mode, uid, gid, mtime };
  if (stats.isDirectory()) return { type: 'directory', ...common, what: '' };
  if (stats.isSymbolicLink()) {
    return { type: 'symlink', ...common, what: readlinkSync(full, { encoding: 'latin1' }) };
  }
  if (stats.isFile()) return { type: 'file', ...common, what: digestOf(readFileSync(full)) };
  if (stats.isFIFO()) return { type: 'fifo', ...common, what: '' };
  return { type: stats.isBlockDevice() ? 'block' : 'character', ...common, what: deviceOf(stats.rdev) };
}

/** How glibc packs the two numbers of a device. */
function deviceOf(rdev: bigint): string {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

/** @param spools the uncompressed layers that the nodes' data lies in */
export function treeInMemory(tree: FileTree, spools: Buffer[]): Map<string, string> {
  const keys = new Map<FileNode, string>();
  const nodes = new Map<string, { key: string; attributes: Attributes }>();
  const todo: [string, FileNode][] = [['', tree.root]];
  for (let step = todo.pop(); step; step = todo.pop()) {
    const [path, node] = step;
    if (!keys.has(node)) keys.set(node, String(keys.size));
    nodes.set(path, { key: keys.get(node)!, attributes: attributesInMemory(node, spools) });
    if (!node.children) continue;
    for (const [name, child] of sortedChildren(node.children))
      todo.push([path === '' ? name : `${path}/${name}`, child]);
  }
  return linesOf(nodes);
}

function attributesInMemory(node: FileNode, spools: Buffer[]): Attributes {
  const { type, mode, uid, gid, mtime } = node;
  const isDevice = type === 'character' || type === 'block';
  const data = (): Buffer => spools[node.layer]!.subarray(node.offset, node.offset + node.size);
  const what = isDevice ? `${node.devMajor}:${node.devMinor}` : type === 'file' ? digestOf(data()) : node.link;
  return { type, mode, uid, gid, mtime, what };
}

/** A line for each path; names of one file name each other. */
function linesOf(nodes: Map<string, { key: string; attributes: Attributes }>): Map<string, string> {
  const names = new Map<string, string[]>();
  for (const [path, { key }] of nodes) names.set(key, [...(names.get(key) ?? []), path]);
  const lines = [...nodes].map(([path, { key, attributes }]): [string, string] => {
    const others = names.get(key)!.filter((name) => name !== path);
    return [path, lineOf(attributes, others.sort())];
  });
  return new Map(lines.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function digestOf(bytes: Buffer): string {
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
}

/**
 * Lines that differ. What no layer lists has no time that could be compared: ours is fixed, on a disk it is the present.
 * @param listed whether some layer lists the path
 */
export function differences(
  ours: Map<string, string>,
  theirs: Map<string, string>,
  listed: (path: string) => boolean,
): string[] {
  const timeless = (path: string, line = 'absent'): string => (listed(path) ? line : line.replace(/ @\d+ /, ' '));
  return [...new Set([...ours.keys(), ...theirs.keys()])].sort().flatMap((path) => {
    const [mine, other] = [timeless(path, ours.get(path)), timeless(path, theirs.get(path))];
    return mine === other ? [] : [`${JSON.stringify(path)}\n   ours: ${mine}\n  umoci: ${other}`];
  });
}
