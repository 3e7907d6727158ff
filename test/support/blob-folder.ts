// Boot blobs for tests: any bytes do for the format, these only look like a kernel.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const TEST_CONFIG =
  '#\n# Automatically generated\n# Linux/x86_64 4.14.256-209.484.amzn2.x86_64 Kernel Configuration\n';

export function bzImage(bytes = 4099): Buffer {
  const kernel = Buffer.alloc(bytes, 'kernel');
  kernel.write('HdrS', 0x202, 'latin1');
  return kernel;
}

export function writeBlobs(folder: string, change: Record<string, string | Buffer | undefined> = {}): string {
  mkdirSync(folder, { recursive: true });
  const files: Record<string, string | Buffer | undefined> = {
    bzImage: bzImage(),
    'bzImage.config': TEST_CONFIG,
    cmdline: 'reboot=k panic=30 console=ttyS0\n',
    init: 'the init program',
    'nsm.ko': 'the driver',
    ...change,
  };
  for (const [name, content] of Object.entries(files)) {
    if (content !== undefined) writeFileSync(join(folder, name), content);
  }
  return folder;
}
