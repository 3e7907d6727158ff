// The cpio archive of a ramdisk, put together in memory from spooled layers.
import { readFileSync } from 'node:fs';
import { CpioHeaders, dataPadding } from '../../src/nitro/cpio.js';
import type { Ramdisk } from '../../src/nitro/ramdisks.js';

export function ramdiskBytes(ramdisk: Ramdisk, spoolPaths: string[] = []): Buffer {
  const spools = spoolPaths.map((path) => readFileSync(path));
  const headers = new CpioHeaders();
  const parts: Buffer[] = [];
  for (const { data, ...entry } of ramdisk.entries()) {
    parts.push(headers.next({ ...entry, data }));
    if (Buffer.isBuffer(data)) parts.push(data);
    else if (data) parts.push(spools[data.layer]!.subarray(data.offset, data.offset + entry.size));
    parts.push(Buffer.alloc(dataPadding(entry.size)));
  }
  const body = Buffer.concat(parts);
  return Buffer.concat([body, headers.end(body.length)]);
}
