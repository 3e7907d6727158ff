// The header of an EIF and its sections' headers, as they stand in a file that may say anything.
import { InvalidEif } from './invalid-eif.js';

export const SECTION_NAMES = ['invalid', 'kernel', 'cmdline', 'ramdisk', 'signature', 'metadata'] as const;
export type SectionName = Exclude<(typeof SECTION_NAMES)[number], 'invalid'>;

export interface EifHeader {
  version: number;
  flags: number;
  architecture: 'amd64' | 'arm64';
  defaultMemoryBytes: bigint;
  defaultCpus: bigint;
  /** As the header says; the sections that were found may be others. */
  sectionCount: number;
  /** Of each section: where its header stands, and the bytes of its data. */
  table: { offset: bigint; sizeBytes: bigint }[];
  /** The bytes that mean nothing, in hex; zeros as AWS's tools write them. */
  reserved: string;
  crc32: number;
}

export const MAX_SECTIONS = 32;
const OFFSETS_AT = 28;
const SIZES_AT = 284;

/** @param bytes the header without its checksum */
export function parseEifHeader(bytes: Buffer, crc32: number): EifHeader {
  if (bytes.toString('latin1', 0, 4) !== '.eif') throw new InvalidEif('it does not begin with ".eif"');
  const flags = bytes.readUInt16BE(6);
  const table = Array.from({ length: MAX_SECTIONS }, (_, index) => ({
    offset: bytes.readBigUInt64BE(OFFSETS_AT + 8 * index),
    sizeBytes: bytes.readBigUInt64BE(SIZES_AT + 8 * index),
  }));
  return {
    version: bytes.readUInt16BE(4),
    flags,
    architecture: flags & 1 ? 'arm64' : 'amd64',
    defaultMemoryBytes: bytes.readBigUInt64BE(8),
    defaultCpus: bytes.readBigUInt64BE(16),
    sectionCount: bytes.readUInt16BE(26),
    table,
    reserved: Buffer.concat([bytes.subarray(24, 26), bytes.subarray(540, 544)]).toString('hex'),
    crc32,
  };
}

/** What AWS's tools would not have written, or not read. */
export function headerProblems({ version, flags, sectionCount, table, reserved }: EifHeader): string[] {
  const problems: string[] = [];
  if (version < 2 || version > 4) problems.push(`it has the version ${version}; 2 to 4 are known`);
  if (flags > 1) problems.push(`it has unknown flags (${flags})`);
  if (sectionCount > MAX_SECTIONS) problems.push(`its header counts ${sectionCount} sections; ${MAX_SECTIONS} fit`);
  if (/[^0]/.test(reserved)) problems.push('its reserved bytes are not zero');
  const unused = table.slice(sectionCount);
  if (unused.some(({ offset, sizeBytes }) => offset !== 0n || sizeBytes !== 0n)) {
    problems.push('its table has entries that no section uses');
  }
  return problems;
}

/** What is wrong with the sections together; `names` in the order of the file. */
export function orderProblems(names: SectionName[], version: number): string[] {
  const count = (wanted: SectionName): number => names.filter((name) => name === wanted).length;
  const problems: string[] = [];
  for (const name of ['kernel', 'cmdline'] as const) {
    if (count(name) !== 1) problems.push(`it has ${count(name)} ${name} sections; it must have one`);
  }
  for (const name of ['metadata', 'signature'] as const) {
    if (count(name) > 1) problems.push(`it has ${count(name)} ${name} sections; it may have one`);
  }
  if (count('ramdisk') === 0) problems.push('it has no ramdisk');
  else if (names.indexOf('ramdisk') < names.indexOf('kernel')) problems.push('it has a ramdisk before the kernel');
  if (version >= 4 && count('metadata') === 0) problems.push('it has no metadata');
  return problems;
}
