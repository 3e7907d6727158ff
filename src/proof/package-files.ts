// Where an image keeps what it knows of its packages: the databases of the system's package managers, in fixed
// places, and the folders of npm and Python, anywhere. Only names are looked at here.
import { isDirectory } from '../oci/file-tree.js';
import type { DirectoryNode, FileNode, FileTree } from '../oci/file-tree.js';
import { apkPackages } from './apk.js';
import { dpkgPackages } from './dpkg.js';
import { npmPackages } from './npm.js';
import type { Package } from './package-url.js';
import { pythonPackages } from './python.js';
import { rpmPackages } from './rpm.js';

export interface PackageForm {
  parse: (bytes: Buffer) => Iterable<Package>;
  maxBytes: number;
  /** The beginning of a larger file is enough. */
  beginningDoes?: boolean;
}

export interface PackageFile {
  path: string;
  node: FileNode;
  form: PackageForm;
}

const MIB = 1024 * 1024;
const DPKG: PackageForm = { parse: dpkgPackages, maxBytes: 32 * MIB };
const APK: PackageForm = { parse: apkPackages, maxBytes: 32 * MIB };
const RPM: PackageForm = { parse: rpmPackages, maxBytes: 128 * MIB };
const NPM: PackageForm = { parse: npmPackages, maxBytes: MIB };
const PYTHON: PackageForm = { parse: pythonPackages, maxBytes: 64 * 1024, beginningDoes: true };

const RPM_FOLDERS = ['var/lib/rpm', 'usr/lib/sysimage/rpm', 'usr/share/rpm'];
const RPM_FILES = ['rpmdb.sqlite', 'rpmdb.sqlite-wal', 'Packages.db', 'Packages'];

const DATABASES: [string, PackageForm][] = [
  ['var/lib/dpkg/status', DPKG],
  ['lib/apk/db/installed', APK],
  ['usr/lib/apk/db/installed', APK],
  ...RPM_FOLDERS.flatMap((folder) => RPM_FILES.map((name): [string, PackageForm] => [`${folder}/${name}`, RPM])),
];

const MAX_SYMLINKS = 40;

/** What is read first comes first: the system's packages, then npm's and Python's. Files that are empty are left out. */
export function* packageFiles(tree: FileTree): Generator<PackageFile> {
  const seen = new Set<FileNode>();
  for (const file of candidates(tree)) {
    if (file.node.type !== 'file' || file.node.size === 0 || seen.has(file.node)) continue;
    seen.add(file.node);
    yield file;
  }
}

/** The file at a path, symlinks followed within the tree. Throws JobFailure where they lead in circles. */
export function fileAt(tree: FileTree, path: string): FileNode | undefined {
  let parts = path.split('/');
  for (let followed = 0; followed <= MAX_SYMLINKS; followed++) {
    const node = tree.find(parts);
    if (node?.type !== 'symlink') return node;
    const target = node.link.split('/').filter((part) => part !== '' && part !== '.');
    parts = node.link.startsWith('/') ? target : [...parts.slice(0, -1), ...target];
  }
  return undefined;
}

function* candidates(tree: FileTree): Generator<PackageFile> {
  for (const [path, form] of DATABASES) {
    const node = fileAt(tree, path);
    if (node) yield { path, node, form };
  }
  const folder = 'var/lib/dpkg/status.d';
  for (const [name, node] of tree.directoryAt(folder.split('/'), { create: false })?.children ?? []) {
    if (!name.endsWith('.md5sums')) yield { path: `${folder}/${name}`, node, form: DPKG };
  }
  const todo: Place[] = [{ path: '', name: '', directory: tree.root }];
  for (let place = todo.pop(); place; place = todo.pop()) {
    yield* filesOf(place);
    for (const next of foldersIn(place)) todo.push(next);
  }
}

interface Place {
  /** Ends with a slash, but for the root's. */
  path: string;
  name: string;
  directory: DirectoryNode;
}

function* foldersIn({ path, directory }: Place): Generator<Place> {
  for (const [name, child] of directory.children) {
    if (isDirectory(child)) yield { path: `${path}${name}/`, name, directory: child };
  }
}

function* filesOf(place: Place): Generator<PackageFile> {
  const { name, path, directory } = place;
  const file = (form: PackageForm, fileName: string): PackageFile[] => {
    const node = directory.children.get(fileName);
    return node ? [{ path: `${path}${fileName}`, node, form }] : [];
  };
  if (name === 'node_modules') yield* npmFiles(place);
  else if (name.endsWith('.dist-info')) yield* file(PYTHON, 'METADATA');
  else if (name.endsWith('.egg-info') || name === 'EGG-INFO') yield* file(PYTHON, 'PKG-INFO');
  // An egg-info may be a file, too; it stands where packages are installed.
  else if (name.endsWith('-packages')) {
    for (const child of directory.children.keys()) if (child.endsWith('.egg-info')) yield* file(PYTHON, child);
  }
}

function* npmFiles(modules: Place): Generator<PackageFile> {
  for (const folder of foldersIn(modules)) {
    for (const { path, directory } of folder.name.startsWith('@') ? foldersIn(folder) : [folder]) {
      const node = directory.children.get('package.json');
      if (node) yield { path: `${path}package.json`, node, form: NPM };
    }
  }
}
