// Tar archives for tests, header by header, so that they can be as odd as a test needs them.
import { Readable } from 'node:stream';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ImageBudget, spoolLayer } from '../../src/oci/layer.js';
import type { ImageLimits, LayerIndex } from '../../src/oci/layer.js';
import { OCI_LAYER } from '../../src/oci/media-types.js';

export interface Member {
  name: string;
  /** The type flag; without it a directory where the name ends with a slash, a symlink or else a file. */
  flag?: string;
  data?: string | Buffer;
  link?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  devMajor?: number;
  devMinor?: number;
  /** What the size field says, where it differs from the data. */
  size?: number;
}

export function tarOf(members: (Member | string)[], end = 1024): Buffer {
  const parts = members.flatMap((member) => memberBytes(typeof member === 'string' ? { name: member } : member));
  return Buffer.concat([...parts, Buffer.alloc(end)]);
}

function memberBytes(member: Member): Buffer[] {
  const data = Buffer.from(member.data ?? '');
  const header = headerOf(member, data.length);
  return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
}

export function headerOf(member: Member, dataBytes = 0): Buffer {
  const header = Buffer.alloc(512);
  const isFolder = member.name.endsWith('/');
  const flag = member.flag ?? (isFolder ? '5' : member.link !== undefined ? '2' : '0');
  const octal = (value: number, at: number, width: number) =>
    header.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1');
  header.write(member.name, 0, 100, 'latin1');
  octal(member.mode ?? (isFolder ? 0o755 : 0o644), 100, 8);
  octal(member.uid ?? 0, 108, 8);
  octal(member.gid ?? 0, 116, 8);
  octal(member.size ?? dataBytes, 124, 12);
  octal(member.mtime ?? 1_600_000_000, 136, 12);
  header.write(flag, 156, 'latin1');
  header.write(member.link ?? '', 157, 100, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  octal(member.devMajor ?? 0, 329, 8);
  octal(member.devMinor ?? 0, 337, 8);
  return withChecksum(header);
}

export function withChecksum(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length++;
  return `${length}${rest}`;
}

export function pax(records: Record<string, string>, flag = 'x'): Member {
  const data = Object.entries(records).map(([key, value]) => paxRecord(key, value));
  return { name: 'PaxHeaders/0', flag, data: Buffer.from(data.join(''), 'latin1') };
}

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Pieces of a buffer, as a network might deliver them. */
export function pieces(bytes: Buffer, size: number): Readable {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return Readable.from(chunks);
}

let spools = 0;

export interface StoredLayer {
  stored: Buffer | Readable;
  /** The uncompressed archive, for its diff_id. */
  tar: Buffer;
  mediaType?: string;
}

export async function spool(
  folder: string,
  { stored, tar, mediaType = OCI_LAYER }: StoredLayer,
  limits: Partial<ImageLimits> = {},
): Promise<LayerIndex> {
  const all = { layerBytes: 1e9, totalBytes: 1e9, ratio: 500, entries: 1e5, nameBytes: 1e7, ...limits };
  const stream = Buffer.isBuffer(stored) ? pieces(stored, 65_536) : stored;
  const options = { spoolPath: join(folder, `spool-${++spools}`), budget: new ImageBudget(all) };
  const signal = new AbortController().signal;
  return spoolLayer({ stream, mediaType, diffId: sha256(tar) }, { ...options, signal });
}
