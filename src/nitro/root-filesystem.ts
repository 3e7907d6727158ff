// The image's files as `docker export` of a created container and linuxkit's filter give them to nitro-cli.
// Docker puts files of its own into a container; linuxkit drops some and replaces others.
import { isDirectory, newDirectory, sortedChildren } from '../oci/file-tree.js';
import type { DirectoryNode, FileNode, FileTree } from '../oci/file-tree.js';
import { FileMode, LINUXKIT_MTIME } from './cpio.js';
import type { CpioEntry } from './cpio.js';

const HOSTS = [
  '127.0.0.1       localhost',
  '::1     localhost ip6-localhost ip6-loopback',
  'fe00::0 ip6-localnet',
  'ff00::0 ip6-mcastprefix',
  'ff02::1 ip6-allnodes',
  'ff02::2 ip6-allrouters',
  '',
].join('\n');

/** Files that linuxkit leaves out; a directory of such a name stays. */
const DROPPED = new Set(['.dockerenv', 'Dockerfile', 'dev/console', 'etc/hostname']);
/** Directories that docker makes where the image has none, and whose times linuxkit sets. */
const TOUCHED = ['dev', 'dev/pts', 'dev/shm', 'etc', 'proc', 'sys'];
/** Files that docker puts into every container, in place of the image's own. */
const DOCKER_FILES = new Map([
  ['etc/hosts', { mode: FileMode.FILE | 0o755, data: HOSTS }],
  ['etc/mtab', { mode: FileMode.SYMLINK | 0o777, data: '/proc/mounts' }],
  // Docker makes a file of mode 0755, which linuxkit turns into a symlink without touching the mode.
  ['etc/resolv.conf', { mode: FileMode.SYMLINK | 0o755, data: '/run/resolvconf/resolv.conf' }],
]);

const TYPE_BITS = {
  file: FileMode.FILE,
  directory: FileMode.DIRECTORY,
  symlink: FileMode.SYMLINK,
  character: FileMode.CHARACTER,
  block: FileMode.BLOCK,
  fifo: FileMode.FIFO,
};

export function* rootFilesystemEntries(tree: FileTree, prefix: string): Generator<CpioEntry> {
  const added = dockerNodes(tree);
  const firstNames = new Map<FileNode, string>();
  for (const { path, node } of walk(tree, added)) {
    const fixed = isDirectory(node) ? undefined : DOCKER_FILES.get(path);
    if (fixed) yield dockerFile(prefix + path, fixed);
    else if (isDirectory(node)) yield directoryEntry(path, node, prefix);
    else if (!DROPPED.has(path)) yield fileEntry(path, node, prefix, firstNames);
  }
}

interface Step {
  path: string;
  node: FileNode;
}

/** Depth first, names of each directory in bytewise order, a directory before its children; as deep as a tree may be. */
function* walk(tree: FileTree, added: Map<string, FileNode>): Generator<Step> {
  const trail = [stepsOf('', tree.root, added)];
  for (let steps = trail.at(-1); steps; steps = trail.at(-1)) {
    const { value: step, done } = steps.next();
    if (done) {
      trail.pop();
      continue;
    }
    yield step;
    if (isDirectory(step.node)) trail.push(stepsOf(`${step.path}/`, step.node, added));
  }
}

function* stepsOf(prefix: string, directory: DirectoryNode, added: Map<string, FileNode>): Generator<Step, undefined> {
  let { children } = directory;
  for (const [path, node] of added) {
    if (parentOf(path) !== prefix) continue;
    if (children === directory.children) children = new Map(children);
    children.set(path.slice(prefix.length), node);
  }
  for (const [name, node] of sortedChildren(children)) yield { path: prefix + name, node };
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

// Docker unlinks whatever is no directory on the way to its own files, symlinks too, and leaves directories alone.
function dockerNodes(tree: FileTree): Map<string, FileNode> {
  const added = new Map<string, FileNode>();
  const there = (path: string): FileNode | undefined => added.get(path) ?? literalNode(tree, path);
  for (const path of TOUCHED) {
    if (!isDirectory(there(path))) added.set(path, newDirectory({ mode: 0o755, uid: 0, gid: 0, mtime: 0 }));
  }
  for (const path of DOCKER_FILES.keys()) {
    // A node of its own, so that hard links to the image's file keep the image's content.
    if (!isDirectory(there(path))) added.set(path, placeholder());
  }
  return added;
}

function literalNode(tree: FileTree, path: string): FileNode | undefined {
  let node: FileNode | undefined = tree.root;
  for (const name of path.split('/')) node = node?.children?.get(name);
  return node;
}

function placeholder(): FileNode {
  const { children: _children, ...attributes } = newDirectory({ mode: 0, uid: 0, gid: 0, mtime: 0 });
  return { ...attributes, type: 'file' };
}

function dockerFile(name: string, { mode, data }: { mode: number; data: string }): CpioEntry {
  const bytes = Buffer.from(data, 'latin1');
  const size = bytes.length;
  return { name, mode, uid: 0, gid: 0, mtime: LINUXKIT_MTIME, size, devMajor: 0, devMinor: 0, data: bytes };
}

function directoryEntry(path: string, node: FileNode, prefix: string): CpioEntry {
  const mtime = TOUCHED.includes(path) ? LINUXKIT_MTIME : node.mtime;
  const { uid, gid } = node;
  const mode = FileMode.DIRECTORY | node.mode;
  return { name: `${prefix}${path}/`, mode, uid, gid, mtime, size: 0, devMajor: 0, devMinor: 0, data: undefined };
}

function fileEntry(path: string, node: FileNode, prefix: string, firstNames: Map<FileNode, string>): CpioEntry {
  if (node.type === 'pending-link') throw new Error(`the tree is not complete: ${path}`);
  const first = node.shared ? firstNames.get(node) : undefined;
  const name = prefix + path;
  // What a further name of a file becomes keeps the file's permissions; a symlink of the image has all of them.
  const permissions = node.type === 'symlink' ? 0o777 : node.mode;
  if (first !== undefined) return symlinkEntry(name, node, relativeTarget(path, first), permissions);
  if (node.shared) firstNames.set(node, path);
  if (node.type === 'symlink') return symlinkEntry(name, node, node.link, permissions);
  const { type, uid, gid, mtime, layer, offset } = node;
  const isFile = type === 'file';
  // Some tools write the numbers of the device that a file lies on; `docker export` has none but those of devices.
  const isDevice = type === 'character' || type === 'block';
  const mode = TYPE_BITS[type] | permissions;
  const size = isFile ? node.size : 0;
  const devMajor = isDevice ? node.devMajor : 0;
  const devMinor = isDevice ? node.devMinor : 0;
  const data = isFile ? { layer, offset } : undefined;
  // A literal, no spread: V8 keeps copies made by one until the next full collection, hundreds of MiB of large images.
  return { name, mode, uid, gid, mtime, size, devMajor, devMinor, data };
}

function symlinkEntry(name: string, { uid, gid, mtime }: FileNode, target: string, permissions: number): CpioEntry {
  const data = Buffer.from(target, 'latin1');
  const mode = FileMode.SYMLINK | permissions;
  return { name, mode, uid, gid, mtime, size: data.length, devMajor: 0, devMinor: 0, data };
}

function relativeTarget(from: string, to: string): string {
  const here = from.split('/').slice(0, -1);
  const there = to.split('/');
  let common = 0;
  while (common < here.length && common < there.length - 1 && here[common] === there[common]) common++;
  return [...here.slice(common).map(() => '..'), ...there.slice(common)].join('/');
}
