// What differs between two EIFs, and which PCR each difference moves: why a build did not come out as it did before.
import type { ChangedFile } from './changed-file.js';
import type { EifReading } from './eif-reader.js';
import { readEifSource } from './eif-reader.js';
import type { EifSource } from './eif-stream.js';
import { DEFAULT_DIFF_LIMITS } from './file-differences.js';
import type { DiffLimits } from './file-differences.js';
import { InvalidEif } from './invalid-eif.js';
import { diffEnvironment, diffHeaders, diffMetadata } from './reading-diff.js';
import type { MetadataChange, VariableChange } from './reading-diff.js';
import { diffRamdisks } from './ramdisk-diff.js';
import { RAMDISK, diffPcrs, diffSections, namedSections } from './section-diff.js';
import type { PcrDiff, PcrName, SectionDiff } from './section-diff.js';

export interface EifDiff {
  /** Byte for byte. */
  identical: boolean;
  /** Null where an EIF has no such PCR, as PCR8 where it is not signed. */
  pcrs: PcrDiff[];
  /** Names of differing fields of the header; none of them is measured. */
  header: string[];
  /** All of them, measured ones first. */
  sections: SectionDiff[];
  /** At most `limits.files`; `fileCount` counts all. */
  files: (ChangedFile & { ramdisk: string; moves: PcrName[] })[];
  fileCount: number;
  /** Whether the kernel is another one, and AWS's init in the boot ramdisk. */
  kernelChanged: boolean;
  initChanged: boolean;
  /** Null where they are equal. */
  cmdline: { a: string | null; b: string | null } | null;
  argv: { a: string[] | null; b: string[] | null } | null;
  /** Names only: values may be secrets. */
  env: VariableChange[];
  metadata: MetadataChange[];
  /** The first measured one, else the first; `file` where it lies in a ramdisk that could be looked into. */
  firstDifference: { section: string; file: string | null } | null;
  /** What could not be compared; sentences. */
  notes: string[];
}

/** Throws InvalidEif where the sections of one cannot be followed. Each EIF is read at most twice, in small chunks. */
export async function diffEifs(
  a: EifSource,
  b: EifSource,
  options: { signal: AbortSignal; limits?: Partial<DiffLimits> },
): Promise<EifDiff> {
  const limits = { ...DEFAULT_DIFF_LIMITS, ...options.limits };
  const readings = [await readEifSource(a, options.signal), await readEifSource(b, options.signal)] as const;
  const [readA, readB] = readings;
  for (const [index, { measurements, problems }] of readings.entries()) {
    if (!measurements) throw new InvalidEif(`of the ${index === 0 ? 'first' : 'second'} one, ${problems.join(', ')}`);
  }
  const diff = diffReadings(readA, readB);
  const firsts = new Map<string, string | null>();
  for (const { section, moves, changed } of diff.sections) {
    const index = RAMDISK.exec(section)?.[1];
    if (!changed || index === undefined) continue;
    const left = limits.files - diff.files.length;
    if (![readA, readB].every((reading) => isReadable(reading, Number(index)))) {
      diff.notes.push(`${section} is not a plain cpio archive in both: its files were not compared.`);
      continue;
    }
    const found = await diffRamdisks(ramdiskOf(a, readA, section), ramdiskOf(b, readB, section), {
      signal: options.signal,
      limits: { ...limits, files: left },
    });
    diff.files.push(...found.files.map((file) => ({ ramdisk: section, moves, ...file })));
    diff.fileCount += found.count;
    firsts.set(section, found.first);
    if (found.count === 0) diff.notes.push(`${section} differs only in how its archive is written.`);
  }
  return concluded(diff, firsts);
}

function diffReadings(a: EifReading, b: EifReading): EifDiff {
  const pcrs = diffPcrs(a, b);
  const sections = diffSections(a, b, pcrs);
  const header = diffHeaders(a, b);
  const cmdline = a.cmdline === b.cmdline ? null : { a: a.cmdline, b: b.cmdline };
  const sameArgv = JSON.stringify(a.argv) === JSON.stringify(b.argv);
  return {
    identical: a.sizeBytes === b.sizeBytes && header.length === 0 && sections.every(({ changed }) => !changed),
    pcrs,
    header,
    sections,
    files: [],
    fileCount: 0,
    kernelChanged: sections.some(({ section, changed }) => section === 'kernel' && changed),
    initChanged: false,
    cmdline,
    argv: sameArgv ? null : { a: a.argv, b: b.argv },
    env: diffEnvironment(a.env ?? [], b.env ?? []),
    metadata: diffMetadata(a.metadata, b.metadata),
    firstDifference: null,
    notes: [],
  };
}

function concluded(diff: EifDiff, firsts: Map<string, string | null>): EifDiff {
  const first = diff.sections.find(({ changed }) => changed)?.section;
  const firstDifference = first === undefined ? null : { section: first, file: firsts.get(first) ?? null };
  const isInit = ({ ramdisk, path }: { ramdisk: string; path: string }): boolean =>
    ramdisk === 'ramdisk0' && path === 'init';
  const initChanged = diff.files.some((file) => isInit(file) && file.changes.some((change) => change !== 'ORDER'));
  return { ...diff, initChanged, firstDifference };
}

function isReadable({ ramdisks }: EifReading, index: number): boolean {
  const ramdisk = ramdisks[index];
  return ramdisk === undefined || ramdisk.entryCount !== null;
}

function ramdiskOf(source: EifSource, reading: EifReading, name: string): EifSource | null {
  const section = namedSections(reading).get(name);
  if (!section) return null;
  return { file: source.file, offset: source.offset + section.offset, sizeBytes: section.sizeBytes };
}
