// Stand-ins for the files of AWS's enclave platform: right in name and form, so that conversions can be tried out
// anywhere, and wrong in content, so that nothing made with them can be mistaken for an enclave that runs.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MARK = 'Made by build-catalog for development. This is no kernel and does not boot.\n';
const KERNEL_BYTES = 1024 * 1024;

/** Writes them into a folder laid out like nitro-cli's. */
export async function writeDevelopmentBlobs(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = {
    bzImage: filler(KERNEL_BYTES),
    'bzImage.config': '#\n# Made for development\n# Linux/x86_64 0.0.0-development Kernel Configuration\n#\n',
    cmdline: 'reboot=k panic=30 pci=off console=ttyS0\n',
    init: MARK,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
}

/** Bytes without a pattern, the same on every machine. */
function filler(bytes: number): Buffer {
  const parts: Buffer[] = [Buffer.from(MARK)];
  for (let at = MARK.length, index = 0; at < bytes; at += 64, index += 1) {
    parts.push(createHash('sha512').update(`development kernel ${index}`).digest());
  }
  return Buffer.concat(parts).subarray(0, bytes);
}
