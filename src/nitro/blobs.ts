// The boot blobs that every EIF begins with: kernel, its config, command line, init and the driver of the NSM device.
// The gateway ships none of them; they come from nitro-cli's package and decide PCR1 alone.
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import type { Architecture } from '../oci/manifest.js';

export interface BlobRecord {
  name: string;
  /** 64 hex digits of the file as it is. */
  sha256: string;
  sizeBytes: number;
}

export interface BootBlobs {
  architecture: Architecture;
  kernel: Buffer;
  /** Trimmed, as nitro-cli does. */
  cmdline: Buffer;
  init: Buffer;
  /** Absent where the kernel has the driver built in. */
  nsm?: Buffer;
  operatingSystem: string;
  kernelVersion: string;
  /** False where the kernel file does not look like one: the format takes any bytes, a machine would not start. */
  bootable: boolean;
  files: BlobRecord[];
}

const MIB = 1024 * 1024;
const LAYOUTS = {
  amd64: { folder: 'x86_64', kernel: 'bzImage' },
  arm64: { folder: 'aarch64', kernel: 'Image' },
} as const;

export async function loadBlobs(folder: string, architecture: Architecture): Promise<BootBlobs> {
  const missing = await findMissingBlobs(folder, architecture);
  if (missing.length > 0) throw blobsMissing(missing, architecture);
  const files: BlobRecord[] = [];
  const place = await blobFolder(folder, architecture);
  const load = async (name: string, maxBytes: number): Promise<Buffer> => {
    const content = await readBounded(join(place, name), maxBytes);
    const sha256 = createHash('sha256').update(content).digest('hex');
    files.push({ name, sha256, sizeBytes: content.length });
    return content;
  };
  const { kernel: kernelName } = LAYOUTS[architecture];
  const kernel = await load(kernelName, 64 * MIB);
  const config = await load(`${kernelName}.config`, MIB);
  const cmdline = trimmedCmdline(await load('cmdline', 4096), place);
  const init = await load('init', 16 * MIB);
  const nsm = (await isFile(join(place, 'nsm.ko'))) ? await load('nsm.ko', 16 * MIB) : undefined;
  const bootable = kernelLooksBootable(kernel, architecture);
  return { architecture, kernel, cmdline, init, nsm, ...kernelRelease(config), bootable, files };
}

/** Paths of the files that a conversion would miss; cheap enough to ask before a job is made. */
export async function findMissingBlobs(folder: string, architecture: Architecture): Promise<string[]> {
  const place = await blobFolder(folder, architecture);
  const { kernel } = LAYOUTS[architecture];
  const paths = [kernel, `${kernel}.config`, 'cmdline', 'init'].map((name) => join(place, name));
  const found = await Promise.all(paths.map(isFile));
  return paths.filter((_, index) => !found[index]);
}

export function blobsMissing(missing: string[], architecture: Architecture): JobFailure {
  return blobsFailure(`The boot files for ${architecture} are missing: ${missing.join(', ')}.`);
}

function blobsFailure(message: string): JobFailure {
  return new JobFailure(
    JobFailureCode.BLOBS_MISSING,
    message,
    'Install the package aws-nitro-enclaves-cli-devel on the gateway, which puts them into ' +
      '/usr/share/nitro_enclaves/blobs, or set NITRO_BLOBS_DIR to a folder that has them.',
  );
}

// x86: the mark of the boot protocol; arm64: the magic of the image header (both in the kernel's documentation).
function kernelLooksBootable(kernel: Buffer, architecture: Architecture): boolean {
  const [at, magic] = architecture === 'amd64' ? [0x202, 'HdrS'] : [56, 'ARM\x64'];
  return kernel.toString('latin1', at, at + magic.length) === magic;
}

/** From the config's third line, cut as nitro-cli cuts it: `# Linux/x86_64 4.14.256-209.484 Kernel Configuration`. */
function kernelRelease(config: Buffer): { operatingSystem: string; kernelVersion: string } {
  const words = (config.toString('utf8').split('\n')[2] ?? '').split(/[ /-]/);
  return { operatingSystem: words[1] ?? '', kernelVersion: words[3] ?? '' };
}

function trimmedCmdline(content: Buffer, folder: string): Buffer {
  const text = content.toString('latin1').trim();
  if (/[\n\0]/.test(text)) throw blobsFailure(`The kernel command line in ${folder} has more than one line.`);
  return Buffer.from(text, 'latin1');
}

async function blobFolder(folder: string, architecture: Architecture): Promise<string> {
  const own = join(folder, LAYOUTS[architecture].folder);
  const isFolder = await stat(own).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? own : folder;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function readBounded(path: string, maxBytes: number): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    if (size === 0 || size > maxBytes) {
      throw blobsFailure(`The boot file ${path} has ${size} bytes; 1 to ${maxBytes} are possible.`);
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
