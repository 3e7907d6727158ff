// A docker image made of corner cases, from layers written entry by entry (so that directories can be left out),
// put together by umoci and pushed by skopeo.
import { chmodSync, copyFileSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './folders.js';

type Entry =
  | { dir: string; mode?: number }
  | { file: string; text?: string; copyOf?: string; mode?: number }
  | { hardLink: string; to: string }
  | { symlink: string; to: string };

const LONG_NAME = `long/${'d'.repeat(120)}/${'f'.repeat(150)}`;
const UTF8_NAME = 'utf8/Zürich-名前';

/** Lowest first. Folders without an entry of their own stand in no layer, or only in a lower one. */
const LAYERS: Entry[][] = [
  [
    { dir: 'bin' },
    { file: 'bin/busybox', copyOf: '/bin/busybox', mode: 0o755 },
    { symlink: 'bin/sh', to: 'busybox' },
    { dir: 'tmp', mode: 0o1777 },
    { dir: 'usr' },
    { dir: 'usr/lib' },
    { symlink: 'lib', to: 'usr/lib' },
    { dir: 'data' },
    { file: 'data/kept', text: 'kept' },
    { file: 'data/removed', text: 'removed' },
    { dir: 'gone' },
    { file: 'gone/file', text: 'gone' },
    { dir: 'opaque' },
    { file: 'opaque/low', text: 'low' },
    { dir: 'opaque/sub' },
    { file: 'opaque/sub/low', text: 'low' },
    { dir: 'links' },
    { file: 'links/original', text: 'one' },
    { hardLink: 'links/hard', to: 'links/original' },
    { symlink: 'links/soft', to: 'original' },
    { dir: 'implied', mode: 0o711 },
    { file: 'implied/first', text: 'first' },
    { dir: 'was-dir' },
    { file: 'was-dir/inside', text: 'inside' },
    { file: 'was-file', text: 'file' },
  ],
  [
    { file: 'data/.wh.removed' },
    { dir: 'opaque' },
    { dir: 'opaque/sub' },
    { file: 'opaque/sub/high', text: 'high' },
    { file: 'opaque/.wh..wh..opq' },
    { file: 'links/original', text: 'two' },
    { file: 'implied/second', text: 'second' },
    { file: 'lib/through', text: 'through' },
    { file: 'was-dir', text: 'now a file' },
    { dir: 'was-file' },
    { file: 'was-file/inside', text: 'now inside' },
  ],
  [
    { file: '.wh.gone' },
    { file: LONG_NAME, text: 'long' },
    { file: UTF8_NAME, text: 'utf8' },
    { file: 'unlisted/deep/file', text: 'deep' },
  ],
];

/** Regular files of the flattened image and what they hold, but for busybox. */
export const CORNER_CASE_FILES: Record<string, string> = {
  'data/kept': 'kept',
  'opaque/sub/high': 'high',
  'links/original': 'two',
  'links/hard': 'one',
  'implied/first': 'first',
  'implied/second': 'second',
  'usr/lib/through': 'through',
  'was-dir': 'now a file',
  'was-file/inside': 'now inside',
  [LONG_NAME]: 'long',
  [UTF8_NAME]: 'utf8',
  'unlisted/deep/file': 'deep',
};

/** Paths that a layer removed again. */
export const CORNER_CASE_ABSENT = ['data/removed', 'gone', 'gone/file', 'opaque/low', 'opaque/sub/low'];

/** Makes the image in a new OCI layout and answers its name for skopeo: `oci:<layout>:corner`. */
export async function buildCornerCaseImage(folder: string): Promise<string> {
  const layout = join(folder, 'layout');
  const image = `${layout}:corner`;
  await run('umoci', 'init', '--layout', layout);
  await run('umoci', 'new', '--image', image);
  for (const [at, entries] of LAYERS.entries()) {
    const tar = await writeLayer(join(folder, `layer-${at}`), entries);
    await run('umoci', 'raw', 'add-layer', '--image', image, tar);
  }
  const config = ['--config.entrypoint', '/bin/busybox', '--config.cmd', 'echo', '--config.cmd', 'hello world'];
  const environment = ['--config.env', 'PATH=/bin', '--config.env', 'GREETING=hello'];
  const rest = ['--config.workingdir', '/data', '--config.exposedports', '8080/tcp', '--config.label', 'purpose=test'];
  await run(
    'umoci',
    'config',
    '--image',
    image,
    '--architecture',
    'amd64',
    '--os',
    'linux',
    ...config,
    ...environment,
    ...rest,
  );
  return `oci:${image}`;
}

/** @param to `127.0.0.1:5000/name:tag` */
export async function pushImage(
  image: string,
  to: string,
  user?: { username: string; password: string },
): Promise<void> {
  const login = user ? ['--dest-creds', `${user.username}:${user.password}`] : [];
  await run('skopeo', 'copy', '--quiet', '--dest-tls-verify=false', ...login, image, `docker://${to}`);
}

async function writeLayer(folder: string, entries: Entry[]): Promise<string> {
  const names = entries.map((entry) => place(folder, entry));
  writeFileSync(`${folder}.list`, names.join('\n'));
  const same = ['--format=pax', '--no-recursion', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@1000000000'];
  await run('tar', '-C', folder, ...same, '-cf', `${folder}.tar`, '-T', `${folder}.list`);
  rmSync(folder, { recursive: true });
  return `${folder}.tar`;
}

function place(folder: string, entry: Entry): string {
  const name =
    'dir' in entry ? entry.dir : 'file' in entry ? entry.file : 'symlink' in entry ? entry.symlink : entry.hardLink;
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  if ('dir' in entry) mkdirSync(path, { recursive: true });
  else if ('symlink' in entry) symlinkSync(entry.to, path);
  else if ('hardLink' in entry) linkSync(join(folder, entry.to), path);
  else if (entry.copyOf === undefined) writeFileSync(path, entry.text ?? '');
  else copyFileSync(entry.copyOf, path);
  if ('dir' in entry) chmodSync(path, entry.mode ?? 0o755);
  if ('file' in entry) chmodSync(path, entry.mode ?? 0o644);
  return name;
}
