// The sections and PCRs of two EIFs side by side, and which PCRs the change of a section moves.
import type { EifReading } from './eif-reader.js';
import type { EifSection } from './eif-sections.js';

export type PcrName = 'PCR0' | 'PCR1' | 'PCR2' | 'PCR8';

export interface PcrDiff {
  name: PcrName;
  a: string | null;
  b: string | null;
  moved: boolean;
}

export interface SectionDiff {
  /** `kernel`, `cmdline`, `ramdisk0` (boot), `ramdisk1` (application) ..., `metadata`, `signature`. */
  section: string;
  a: { sha256: string; sizeBytes: number } | null;
  b: { sha256: string; sizeBytes: number } | null;
  changed: boolean;
  /** The PCRs that its change moves. */
  moves: PcrName[];
}

export const RAMDISK = /^ramdisk(\d+)$/;

export function diffPcrs({ measurements: a }: EifReading, { measurements: b }: EifReading): PcrDiff[] {
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

/** Measured ones first. */
export function diffSections(a: EifReading, b: EifReading, pcrs: PcrDiff[]): SectionDiff[] {
  const [named, others] = [namedSections(a), namedSections(b)];
  const names = [...new Set([...named.keys(), ...others.keys()])].sort((x, y) => rankOf(x) - rankOf(y));
  return names.map((section) => {
    const [x, y] = [named.get(section), others.get(section)];
    const changed = x?.sha256 !== y?.sha256;
    // Bytes that went from the end of one section to the beginning of the next move nothing.
    const moves = coveredBy(section).filter((name) => changed && pcrs.some((pcr) => pcr.name === name && pcr.moved));
    return { section, a: factsOf(x), b: factsOf(y), changed, moves };
  });
}

function factsOf(section: EifSection | undefined): SectionDiff['a'] {
  return section ? { sha256: section.sha256, sizeBytes: section.sizeBytes } : null;
}

function coveredBy(section: string): PcrName[] {
  if (section.startsWith('metadata')) return [];
  if (section.startsWith('signature')) return ['PCR8'];
  const isApplication = RAMDISK.test(section) && section !== 'ramdisk0';
  return ['PCR0', isApplication ? 'PCR2' : 'PCR1'];
}

/** Ramdisks by their number; a section that should be there once, and is not, by its number from the second on. */
export function namedSections({ sections }: EifReading): Map<string, EifSection> {
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
