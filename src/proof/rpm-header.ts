// The header that rpm keeps of each package: an index of tags, then their data (rpm's manual, "RPM V4 format").
import type { Package } from './package-url.js';

const TAGS = { name: 1000, version: 1001, release: 1002, epoch: 1003, license: 1014, architecture: 1022 } as const;
const [INT32, STRING] = [4, 6];
const ENTRY_BYTES = 16;
const MAX_TEXT_BYTES = 1024;

/** Undefined for a signing key, which rpm keeps like a package. Throws where the header is malformed. */
export function parseRpmHeader(blob: Buffer): Package | undefined {
  const [entries, dataBytes] = [blob.readUInt32BE(0), blob.readUInt32BE(4)];
  const start = 8 + entries * ENTRY_BYTES;
  if (start + dataBytes > blob.length) throw new Error('it has a truncated header');
  const places = tagPlaces(blob, entries);
  const data = blob.subarray(start, start + dataBytes);
  const text = (tag: number) => {
    const at = places.get(`${tag}/${STRING}`);
    if (at === undefined) return undefined;
    const end = data.indexOf(0, at);
    return data.toString('utf8', at, Math.min(end < 0 ? data.length : end, at + MAX_TEXT_BYTES));
  };
  const name = text(TAGS.name);
  if (name === undefined) throw new Error('it has a header without a name');
  if (name === 'gpg-pubkey') return undefined;
  const epochAt = places.get(`${TAGS.epoch}/${INT32}`);
  const [version, release] = [text(TAGS.version), text(TAGS.release)];
  return {
    type: 'rpm',
    name,
    version: version && release ? `${version}-${release}` : '',
    architecture: text(TAGS.architecture),
    epoch: epochAt === undefined ? undefined : data.readUInt32BE(epochAt),
    license: text(TAGS.license),
  };
}

/** Tag and type to where its data begins; the first of a tag counts. */
function tagPlaces(blob: Buffer, entries: number): Map<string, number> {
  const wanted = new Set<number>(Object.values(TAGS));
  const places = new Map<string, number>();
  for (let at = 8; at < 8 + entries * ENTRY_BYTES; at += ENTRY_BYTES) {
    const tag = blob.readUInt32BE(at);
    if (!wanted.has(tag)) continue;
    const key = `${tag}/${blob.readUInt32BE(at + 4)}`;
    if (!places.has(key)) places.set(key, blob.readUInt32BE(at + 8));
  }
  return places;
}
