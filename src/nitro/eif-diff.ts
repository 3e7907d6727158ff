// What differs between two EIFs, and which PCR each difference moves: why a build did not come out as it did before.
import type { EifReading } from './eif-reader.js';
import { readEifSource } from './eif-reader.js';
import type { EifSection } from './eif-sections.js';
import type { EifSource } from './eif-stream.js';
import { DEFAULT_DIFF_LIMITS } from './file-differences.js';
import type { ChangedFile, DiffLimits } from './file-differences.js';
import { InvalidEif } from './invalid-eif.js';
import { diffEnvironment, diffHeaders, diffMetadata } from './reading-diff.js';
import type { MetadataChange, VariableChange } from './reading-diff.js';
import { diffRamdisks } from './ramdisk-diff.js';

export type PcrName = 'PCR0' | 'PCR1' | 'PCR2' | 'PCR8';

export interface SectionDiff {
  /** `kernel`, `cmdline`, `ramdisk0` (boot), `ramdisk1` (application) ..., `metadata`, `signature`. */
  section: string;
  a: { sha256: string; sizeBytes: number } | null;
  b: { sha256: string; sizeBytes: number } | null;
  changed: boolean;
  /** The PCRs that its change moves. */
  moves: PcrName[];
}

export interface EifDiff {
  /** Byte for byte. */
  identical: boolean;
  /** Null where an EIF has no such PCR, as PCR8 where it is not signed. */
  pcrs: { name: PcrName; a: string | null; b: string | null; moved: boolean }[];
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
  for (const { measurements, problems } of readings) {
    if (!measurements) throw new InvalidEif(problems[0] ?? 'its sections cannot be followed');
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

const RAMDISK = /^ramdisk(\d+)$/;

function diffReadings(a: EifReading, b: EifReading): EifDiff {
  const sections = diffSections(a, b);
  const header = diffHeaders(a, b);
  const cmdline = a.cmdline === b.cmdline ? null : { a: a.cmdline, b: b.cmdline };
  const sameArgv = JSON.stringify(a.argv) === JSON.stringify(b.argv);
  const metadata = diffMetadata(a.metadata, b.metadata);
  return {
    identical: a.sizeBytes === b.sizeBytes && header.length === 0 && sections.every(({ changed }) => !changed),
    pcrs: diffPcrs(a, b),
    header,
    sections,
    files: [],
    fileCount: 0,
    kernelChanged: sections.some(({ section, changed }) => section === 'kernel' && changed),
    initChanged: false,
    cmdline,
    argv: sameArgv ? null : { a: a.argv, b: b.argv },
    env: diffEnvironment(a.env ?? [], b.env ?? []),
    metadata,
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

function diffPcrs({ measurements: a }: EifReading, { measurements: b }: EifReading): EifDiff['pcrs'] {
  const pcr = (name: PcrName, valueA: string | null = null, valueB: string | null = null) => {
    return { name, a: valueA, b: valueB, moved: valueA !== valueB };
  };
  const pcrs = [
    pcr('PCR0', a?.pcr0, b?.pcr0),
    pcr('PCR1', a?.pcr1, b?.pcr1),
    pcr('PCR2', a?.pcr2, b?.pcr2),
    pcr('PCR8', a?.pcr8, b?.pcr8),
  ];
  return pcrs.filter(({ a: valueA, b: valueB }) => valueA !== null || valueB !== null);
}

function diffSections(a: EifReading, b: EifReading): SectionDiff[] {
  const [named, others] = [namedSections(a), namedSections(b)];
  const names = [...new Set([...named.keys(), ...others.keys()])].sort((x, y) => rankOf(x) - rankOf(y));
  return names.map((section) => {
    const [x, y] = [named.get(section), others.get(section)];
    const changed = x?.sha256 !== y?.sha256;
    const moves = changed ? movedBy(section, a.measurements?.pcr8 !== b.measurements?.pcr8) : [];
    return { section, a: factsOf(x), b: factsOf(y), changed, moves };
  });
}

function factsOf(section: EifSection | undefined): SectionDiff['a'] {
  return section ? { sha256: section.sha256, sizeBytes: section.sizeBytes } : null;
}

function movedBy(section: string, otherCertificate: boolean): PcrName[] {
  if (section === 'metadata') return [];
  if (section === 'signature') return otherCertificate ? ['PCR8'] : [];
  const isApplication = RAMDISK.test(section) && section !== 'ramdisk0';
  return ['PCR0', isApplication ? 'PCR2' : 'PCR1'];
}

/** Ramdisks by their number; a section that should be there once, and is not, by its number from the second on. */
function namedSections({ sections }: EifReading): Map<string, EifSection> {
  const named = new Map<string, EifSection>();
  for (const section of sections) {
    const before = sections.slice(0, sections.indexOf(section)).filter(({ name }) => name === section.name).length;
    const isNumbered = section.name === 'ramdisk' || before > 0;
    named.set(isNumbered ? `${section.name}${before}` : section.name, section);
  }
  return named;
}

const RANKS = ['kernel', 'cmdline', 'ramdisk', 'metadata', 'signature'];

function rankOf(section: string): number {
  const [, name = '', number = '0'] = /^([a-z]+)(\d*)$/.exec(section) ?? [];
  return RANKS.indexOf(name) * 100 + Number(number);
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
