// The Enclave Image Format, version 4: a header with a table of sections, then the sections back to back.
// It is streamed into the middle of a file, the sizes of its ramdisks known before; only the header is written at the end.
import { crc32 } from 'node:zlib';
import type { FileHandle } from 'node:fs/promises';
import type { OnBytes } from '../oci/image-repository.js';
import type { Architecture } from '../oci/manifest.js';
import { asDiskFailure, imageTooLarge } from '../oci/image-failure.js';
import { crc32Combine } from './crc32-combine.js';
import { CpioHeaders, cpioBytes, dataPadding } from './cpio.js';
import type { CpioEntry } from './cpio.js';
import { EifOutput } from './eif-output.js';
import type { Measurements } from './measure.js';
import type { Ramdisk } from './ramdisks.js';
import { SpoolReaders } from './spool-reader.js';

export interface EifContent {
  architecture: Architecture;
  kernel: Buffer;
  cmdline: Buffer;
  metadata: Buffer;
  /** The boot ramdisk, then the application's. */
  ramdisks: Ramdisk[];
}

export interface EifPlan {
  content: EifContent;
  ramdiskBytes: number[];
  /** Without a signature. */
  sizeBytes: number;
}

export interface EifTarget {
  file: FileHandle;
  /** Where in the file the EIF begins. */
  offset: number;
}

export interface WriteEifOptions {
  /** The spool files of the image's layers, lowest first. */
  spoolPaths: string[];
  signal: AbortSignal;
  onBytes?: OnBytes;
  /** Asked once PCR0 is known, 96 hex digits: the section it answers ends the file. */
  sign?: (pcr0: string) => Promise<Buffer | undefined>;
}

export interface WrittenEif {
  measurements: Measurements;
  sizeBytes: number;
}

const SectionType = { KERNEL: 1, CMDLINE: 2, RAMDISK: 3, SIGNATURE: 4, METADATA: 5 } as const;

export const EIF_HEADER_BYTES = 548;
const SECTION_HEADER_BYTES = 12;
const CRC_AT = 544;
const MAX_SECTIONS = 32;
const DEFAULT_MEMORY_BYTES = 1024n ** 3n;
const DEFAULT_CPUS = 2n;
/** A kernel unpacks no larger ramdisk, and an enclave of four times that memory does not exist. */
const MAX_RAMDISK_BYTES = 256 * 1024 ** 3;

export async function planEif(content: EifContent, signal: AbortSignal): Promise<EifPlan> {
  const ramdiskBytes: number[] = [];
  for (const ramdisk of content.ramdisks) ramdiskBytes.push(await cpioBytes(ramdisk.entries(), signal));
  if (ramdiskBytes.some((bytes) => bytes > MAX_RAMDISK_BYTES)) {
    throw imageTooLarge(`a ramdisk would have more than ${MAX_RAMDISK_BYTES} bytes`, 'Remove files from the image.');
  }
  const plan = { content, ramdiskBytes, sizeBytes: EIF_HEADER_BYTES };
  for (const bytes of sectionBytes(plan)) plan.sizeBytes += SECTION_HEADER_BYTES + bytes;
  return plan;
}

const sectionBytes = ({ content: { kernel, cmdline, metadata }, ramdiskBytes }: EifPlan): number[] => [
  ...[kernel.length, cmdline.length, metadata.length],
  ...ramdiskBytes,
];

function eifHeader(architecture: Architecture, sectionBytes: number[]): Buffer {
  if (sectionBytes.length > MAX_SECTIONS) throw new Error(`An EIF has at most ${MAX_SECTIONS} sections.`);
  const header = Buffer.alloc(EIF_HEADER_BYTES);
  header.write('.eif', 0, 'latin1');
  header.writeUInt16BE(4, 4);
  header.writeUInt16BE(architecture === 'arm64' ? 1 : 0, 6);
  header.writeBigUInt64BE(DEFAULT_MEMORY_BYTES, 8);
  header.writeBigUInt64BE(DEFAULT_CPUS, 16);
  header.writeUInt16BE(sectionBytes.length, 26);
  let offset = EIF_HEADER_BYTES;
  sectionBytes.forEach((bytes, index) => {
    header.writeBigUInt64BE(BigInt(offset), 28 + 8 * index);
    header.writeBigUInt64BE(BigInt(bytes), 284 + 8 * index);
    offset += SECTION_HEADER_BYTES + bytes;
  });
  return header;
}

function sectionHeader(type: number, bytes: number): Buffer {
  const header = Buffer.alloc(SECTION_HEADER_BYTES);
  header.writeUInt16BE(type, 0);
  header.writeBigUInt64BE(BigInt(bytes), 4);
  return header;
}

/** Writes the planned EIF and measures it on the way; its header comes last, because a signature is part of its table. */
export async function writeEif(plan: EifPlan, target: EifTarget, options: WriteEifOptions): Promise<WrittenEif> {
  const { kernel, cmdline, metadata } = plan.content;
  const dataTarget = { file: target.file, offset: target.offset + EIF_HEADER_BYTES };
  const spools = await SpoolReaders.open(options.spoolPaths);
  const output = new EifOutput(dataTarget, options.signal, options.onBytes);
  try {
    await writeBlob(output, SectionType.KERNEL, kernel, 'boot');
    await writeBlob(output, SectionType.CMDLINE, cmdline, 'boot');
    await writeBlob(output, SectionType.METADATA, metadata, 'none');
    for (const index of plan.content.ramdisks.keys()) await writeRamdisk(output, spools, plan, index);
    const measurements = await output.measure();
    const signature = await options.sign?.(measurements.pcr0);
    if (signature) await writeBlob(output, SectionType.SIGNATURE, signature, 'none');
    const crc = await output.finish();
    const sections = [...sectionBytes(plan), ...(signature ? [signature.length] : [])];
    const header = eifHeader(plan.content.architecture, sections);
    header.writeUInt32BE(crc32Combine(crc32(header.subarray(0, CRC_AT)), crc, output.position), CRC_AT);
    await target.file.write(header, 0, header.length, target.offset);
    return { measurements, sizeBytes: EIF_HEADER_BYTES + output.position };
  } catch (error) {
    throw asDiskFailure(error);
  } finally {
    await output.close();
    await spools.close();
  }
}

async function writeBlob(output: EifOutput, type: number, data: Buffer, measured: 'boot' | 'none'): Promise<void> {
  output.measureInto('none');
  await output.append(sectionHeader(type, data.length));
  output.measureInto(measured);
  await output.append(data);
}

async function writeRamdisk(output: EifOutput, spools: SpoolReaders, plan: EifPlan, index: number): Promise<void> {
  const planned = plan.ramdiskBytes[index] ?? 0;
  output.measureInto('none');
  await output.append(sectionHeader(SectionType.RAMDISK, planned));
  output.measureInto(index === 0 ? 'boot' : 'application');
  const start = output.position;
  const headers = new CpioHeaders();
  for (const entry of plan.content.ramdisks[index]?.entries() ?? []) await writeEntry(output, spools, headers, entry);
  await output.append(headers.end(output.position - start));
  if (output.position - start !== planned) throw new Error('A ramdisk is not of the planned size.');
  if (index === 0) output.endOfBoot();
}

const ZEROS = Buffer.alloc(4);

async function writeEntry(
  output: EifOutput,
  spools: SpoolReaders,
  headers: CpioHeaders,
  entry: CpioEntry,
): Promise<void> {
  await output.append(headers.next(entry));
  if (Buffer.isBuffer(entry.data)) await output.append(entry.data);
  else if (entry.data && entry.size > 0) await spools.copy(entry.data, entry.size, output);
  await output.append(ZEROS.subarray(0, dataPadding(entry.size)));
}
