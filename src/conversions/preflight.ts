// What is likely to go wrong when the enclave starts, told before anybody tries.
import type { Warning } from '../builds/build-parts.js';
import { INIT_PATH } from '../nitro/argv.js';
import { MEMORY_PER_EIF, minimumMemoryMib } from '../nitro/run-command.js';
import type { FileNode, FileTree } from '../oci/file-tree.js';
import { isDirectory } from '../oci/file-tree.js';
import { JobFailure } from '../lib/job-failure.js';
import { quoteName } from '../oci/image-failure.js';
import { fileAt } from '../proof/package-files.js';
import { spoolFileReader } from '../proof/packages.js';
import type { PulledLayers } from './pull-layers.js';

const MAX_SHEBANG_BYTES = 256;
/** Where init mounts file systems of its own, over whatever the image has there. */
const MOUNTED_OVER = ['dev', 'proc', 'run', 'sys', 'tmp'];

export function memoryWarnings(eifBytes: number, memSizeMb: number | undefined): Warning[] {
  const needed = minimumMemoryMib(eifBytes);
  if (memSizeMb === undefined || memSizeMb >= needed) return [];
  const message = `The enclave needs at least ${needed} MiB (${MEMORY_PER_EIF} times its image) to start, and is to get ${memSizeMb}.`;
  return [{ code: 'MEMORY_TOO_SMALL', message }];
}

/** Whether there is something to start: the program, and what its first line names to run it by. */
export async function commandWarnings({ tree, spoolPaths }: PulledLayers, argv: string[]): Promise<Warning[]> {
  const [program] = argv;
  if (program === undefined) return missing(tree, programsFor('sh')) ? [notFound('sh')] : [];
  const path = programsFor(latin1(program)).find((candidate) => programAt(tree, candidate));
  if (path === undefined) return [notFound(program)];
  const hidden = MOUNTED_OVER.find((folder) => partsOf(path)[0] === folder);
  if (hidden !== undefined) {
    const message = `The command ${shown(program)} lies in /${hidden}, over which init mounts a file system: it will not be there.`;
    return [{ code: 'COMMAND_HIDDEN', message }];
  }
  const node = programAt(tree, path)!;
  if (node.type !== 'file' || (node.mode & 0o111) === 0) {
    return [{ code: 'COMMAND_NOT_EXECUTABLE', message: `The command ${shown(program)} is no executable file.` }];
  }
  const interpreter = await interpreterOf(node, spoolPaths);
  if (interpreter === undefined || programAt(tree, interpreter)) return [];
  const message = `The command ${shown(program)} is a script for ${quoteName(interpreter)}, which the image does not have.`;
  return [{ code: 'INTERPRETER_NOT_FOUND', message }];
}

/** From a first line that begins with `#!`. */
async function interpreterOf(node: FileNode, spoolPaths: string[]): Promise<string | undefined> {
  const { read, close } = await spoolFileReader(spoolPaths);
  try {
    const head = (await read(node, MAX_SHEBANG_BYTES)).toString('latin1');
    return /^#![ \t]*([^ \t\n\0]+)/.exec(head)?.[1];
  } finally {
    await close();
  }
}

const programsFor = (program: string): string[] =>
  program.includes('/') ? [program] : INIT_PATH.split(':').map((folder) => `${folder}/${program}`);

const missing = (tree: FileTree, paths: string[]): boolean => !paths.some((path) => programAt(tree, path));

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const shown = (program: string): string => JSON.stringify(program.slice(0, 200));

const notFound = (program: string): Warning => ({
  code: 'COMMAND_NOT_FOUND',
  message: `The command ${shown(program)} is not in the image: the enclave will end as soon as it starts.`,
});

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

/** What a path leads to; undefined where that is nothing or a loop. */
function programAt(tree: FileTree, path: string): FileNode | undefined {
  try {
    const node = fileAt(tree, partsOf(path).join('/'));
    return isDirectory(node) ? undefined : node;
  } catch (error) {
    // Paths made to be slow or endless: whether the command exists is then the least concern.
    if (error instanceof JobFailure) return undefined;
    throw error;
  }
}
