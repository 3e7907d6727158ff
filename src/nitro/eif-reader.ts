// Reads an EIF of whatever provenance in one pass: follows its sections, measures them and says what is wrong.
// Nothing is allocated by what the file says of itself before that has been checked against the file's size.
import { isDeeperThan } from '../lib/json.js';
import { MAX_SECTIONS, SECTION_NAMES, headerProblems, orderProblems, parseEifHeader } from './eif-header.js';
import type { EifHeader, SectionName } from './eif-header.js';
import { EifSections } from './eif-sections.js';
import type { EifSection } from './eif-sections.js';
import { EifStream } from './eif-stream.js';
import type { EifSource, ReadableFile } from './eif-stream.js';
import { InvalidEif } from './invalid-eif.js';
import type { Measurements } from './measure.js';
import type { RamdiskFacts } from './ramdisk-facts.js';
import { judgeSignature } from './signature-verdict.js';
import type { SignatureVerdict } from './signature-verdict.js';

export interface EifReading {
  sizeBytes: number;
  header: EifHeader;
  crcOk: boolean;
  /** In the order of the file, as far as they could be followed. */
  sections: EifSection[];
  /** Null where the sections could not be followed to the end. `pcr8` only where the certificate can be read. */
  measurements: (Measurements & { pcr8?: string }) | null;
  /** Null where it is not signed. */
  signature: SignatureVerdict | null;
  cmdline: string | null;
  /** Not measured: never to be trusted. */
  metadata: Record<string, unknown> | null;
  ramdisks: RamdiskFacts[];
  /** What init starts and with which `NAME=value`; null where no ramdisk says so. Values may be secrets. */
  argv: string[] | null;
  env: string[] | null;
  /** Clauses without capital and full stop; none for an EIF that AWS's tools would take. */
  problems: string[];
}

const HEADER_BYTES = 544;
const CRC_BYTES = 4;
const SECTION_HEADER_BYTES = 12;
const METADATA_FIELDS = ['ImageName', 'ImageVersion', 'BuildMetadata', 'DockerInfo', 'CustomMetadata'];
const BUILD_FIELDS = ['BuildTime', 'BuildTool', 'BuildToolVersion', 'OperatingSystem', 'KernelVersion'];
const MAX_METADATA_DEPTH = 64;

/** Throws InvalidEif where it is no EIF at all or the file ends early; whatever else is wrong is among the problems. */
export async function readEif(
  file: ReadableFile,
  options: { offset: number; sizeBytes: number; signal: AbortSignal },
): Promise<EifReading> {
  const { sizeBytes, signal } = options;
  if (sizeBytes < HEADER_BYTES + CRC_BYTES) throw new InvalidEif('it is shorter than its header');
  const stream = new EifStream({ file, ...options }, signal);
  const headerBytes = await stream.bytes(HEADER_BYTES);
  const header = parseEifHeader(headerBytes, (await stream.bytes(CRC_BYTES, { checked: false })).readUInt32BE());
  const intake = new EifSections();
  const problems = headerProblems(header);
  const broken = await followSections(stream, header, intake, problems);
  for await (const _ of stream.chunks(stream.left)) signal.throwIfAborted();
  const crcOk = stream.crc === header.crc32;
  if (broken !== undefined) problems.push(broken);
  else problems.push(...orderProblems(namesOf(intake), header.version));
  if (!crcOk) problems.push('its checksum is wrong');
  return summary({ sizeBytes, header, crcOk, problems }, intake, broken === undefined);
}

/** Of two EIFs at once, say. */
export async function readEifSource(source: EifSource, signal: AbortSignal): Promise<EifReading> {
  return readEif(source.file, { offset: source.offset, sizeBytes: source.sizeBytes, signal });
}

function summary(
  found: Pick<EifReading, 'sizeBytes' | 'header' | 'crcOk' | 'problems'>,
  intake: EifSections,
  isWhole: boolean,
): EifReading {
  const measurements = isWhole ? intake.measurements() : null;
  const section = intake.keptOf('signature');
  const signature = section && measurements ? judgeSignature(section, measurements.pcr0) : null;
  const pcr8 = signature?.certificate?.pcr8;
  const problems = [...found.problems, ...intake.problems, ...(signature?.problems ?? [])];
  return {
    ...found,
    sections: intake.sections,
    measurements: measurements && { ...measurements, ...(pcr8 !== undefined && { pcr8 }) },
    signature,
    cmdline: intake.keptOf('cmdline')?.toString('utf8') ?? null,
    metadata: parseMetadata(intake.keptOf('metadata'), problems),
    ramdisks: intake.ramdisks,
    argv: intake.initFiles.cmd ?? null,
    env: intake.initFiles.env ?? null,
    problems,
  };
}

/** As AWS's reader does, without the table; answers what makes it impossible to go on. */
async function followSections(
  stream: EifStream,
  header: EifHeader,
  intake: EifSections,
  problems: string[],
): Promise<string | undefined> {
  let index = 0;
  for (; stream.left > 0; index++) {
    if (index === MAX_SECTIONS) return `it has more than ${MAX_SECTIONS} sections`;
    if (stream.left < SECTION_HEADER_BYTES) return 'bytes follow its last section';
    const start = stream.position;
    const head = await stream.bytes(SECTION_HEADER_BYTES);
    const sizeBytes = head.readBigUInt64BE(4);
    const name = SECTION_NAMES[head.readUInt16BE(0)];
    if (name === undefined || name === 'invalid') return `section ${index} is of an unknown type`;
    if (sizeBytes > BigInt(stream.left)) return `section ${index} (${name}) is longer than the file`;
    const flags = head.readUInt16BE(2);
    if (flags !== 0) problems.push(`section ${index} (${name}) has flags`);
    const entry = header.table[index];
    if (index < header.sectionCount && (entry?.offset !== BigInt(start) || entry.sizeBytes !== sizeBytes)) {
      problems.push(`section ${index} (${name}) is not where or not as long as its table says`);
    }
    const section = { name, flags, offset: stream.position, sizeBytes: Number(sizeBytes) };
    await intake.take(section, stream.chunks(section.sizeBytes));
  }
  if (index !== header.sectionCount)
    problems.push(`it has ${index} sections; its header counts ${header.sectionCount}`);
  return undefined;
}

function namesOf(intake: EifSections): SectionName[] {
  return intake.sections.map(({ name }) => name);
}

function parseMetadata(section: Buffer | undefined, problems: string[]): Record<string, unknown> | null {
  if (!section) return null;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(section));
  } catch {
    problems.push('its metadata is not JSON');
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isDeeperThan(value, MAX_METADATA_DEPTH)) {
    problems.push('its metadata is not an object of reasonable depth');
    return null;
  }
  // AWS's reader gives up on a file that lacks one of them.
  const build = (value as Record<string, unknown>).BuildMetadata;
  const missing = [...missingOf(value, METADATA_FIELDS), ...missingOf(build, BUILD_FIELDS)];
  if (missing.length > 0) problems.push(`its metadata lacks ${missing.join(', ')}`);
  return value as Record<string, unknown>;
}

function missingOf(value: unknown, fields: string[]): string[] {
  if (typeof value !== 'object' || value === null) return fields;
  return fields.filter((field) => !Object.hasOwn(value, field));
}
