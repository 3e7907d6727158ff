// The parts of two EIFs that are compared by what they say: header, metadata and the environment of the application.
// Values of the environment, which docker's part of the metadata repeats, may be secrets and are not told.
import { canonicalJson } from '../lib/json.js';
import type { EifReading } from './eif-reader.js';

export interface VariableChange {
  name: string;
  change: 'ADDED' | 'REMOVED' | 'CHANGED' | 'ORDER';
}

export interface MetadataChange {
  /** `ImageName`, `BuildMetadata.BuildTime`, `DockerInfo` ... */
  path: string;
  /** Only of what names the image and how it was built; null elsewhere, and where it is absent. */
  a: string | null;
  b: string | null;
}

const MAX_CHANGES = 1000;
const MAX_SHOWN = 200;

/** Names of the fields that differ. */
export function diffHeaders(a: EifReading, b: EifReading): string[] {
  const facts = ({ header, sections }: EifReading) => ({
    version: header.version,
    flags: header.flags,
    defaultMemory: header.defaultMemoryBytes,
    defaultCpus: header.defaultCpus,
    sectionOrder: sections.map(({ name, flags }) => `${name} ${flags}`).join(),
    table: header.table.map(({ offset, sizeBytes }) => `${offset} ${sizeBytes}`).join(),
    sectionCount: header.sectionCount,
    reserved: header.reserved,
    // It follows from all the rest, so it is told only where one of the two is wrong.
    checksum: a.crcOk && b.crcOk ? '' : header.crc32,
  });
  const [x, y] = [facts(a), facts(b)];
  return (Object.keys(x) as (keyof typeof x)[]).filter((field) => x[field] !== y[field]);
}

/** @param a and b `NAME=value` each */
export function diffEnvironment(a: string[], b: string[]): VariableChange[] {
  const [x, y] = [valuesByName(a), valuesByName(b)];
  const changes: VariableChange[] = [];
  for (const [name, values] of x) {
    const others = y.get(name);
    if (others === undefined) changes.push({ name, change: 'REMOVED' });
    else if (others !== values) changes.push({ name, change: 'CHANGED' });
  }
  for (const name of y.keys()) if (!x.has(name)) changes.push({ name, change: 'ADDED' });
  const [left, right] = [[...x.keys()].filter((name) => y.has(name)), [...y.keys()].filter((name) => x.has(name))];
  const moved = left.find((name, index) => name !== right[index]);
  if (moved !== undefined) changes.push({ name: moved, change: 'ORDER' });
  return changes.slice(0, MAX_CHANGES);
}

function valuesByName(variables: string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const variable of variables) {
    const name = variable.split('=', 1)[0]!;
    const before = values.get(name);
    values.set(name, before === undefined ? variable : `${before}\n${variable}`);
  }
  return values;
}

export function diffMetadata(a: EifReading['metadata'], b: EifReading['metadata']): MetadataChange[] {
  const [x, y] = [flattened(a), flattened(b)];
  const paths = [...new Set([...x.keys(), ...y.keys()])].filter((path) => !sameJson(x.get(path), y.get(path)));
  return paths.slice(0, MAX_CHANGES).map((path) => ({ path, a: shown(path, x), b: shown(path, y) }));
}

function sameJson(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalJson(a) === canonicalJson(b);
}

function flattened(metadata: EifReading['metadata']): Map<string, unknown> {
  const { BuildMetadata: build, ...others } = metadata ?? {};
  const flat = new Map<string, unknown>(Object.entries(others));
  if (typeof build !== 'object' || build === null) {
    if (build !== undefined) flat.set('BuildMetadata', build);
    return flat;
  }
  for (const [name, value] of Object.entries(build)) flat.set(`BuildMetadata.${name}`, value);
  return flat;
}

function shown(path: string, values: Map<string, unknown>): string | null {
  const value = values.get(path);
  const isShown = /^(ImageName|ImageVersion|BuildMetadata\..*)$/.test(path);
  return isShown && typeof value === 'string' ? value.slice(0, MAX_SHOWN) : null;
}
