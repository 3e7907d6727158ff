// What `build-catalog convert` says at its end: measurements, and how the result is started.
import type { ConversionResult } from '../conversions/child-messages.js';
import { formatOutputName } from './image-name.js';
import type { OutputName } from './image-name.js';
import type { WrittenEif } from './eif-file-output.js';

const MIB = 1024 * 1024;
/** The ramdisks are in memory as they come and again unpacked: nitro-cli refuses less than four times the EIF's size. */
const MEMORY_FACTOR = 4;
const LEAST_MEMORY_MIB = 64;
const CPU_COUNT = 2;

export function describeConversion(
  output: OutputName,
  result: ConversionResult,
  eif: WrittenEif | undefined,
): { lines: string[]; data: object } {
  const { manifestDigest: imageDigest, imageId, sizeBytes, measurements, exposedPorts } = result;
  const name = formatOutputName(output);
  const pcrs = Object.entries(measurements).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const lines = pcrs.map(([register, value]) => `${register.toUpperCase()}  ${value}`);
  const data = { output: name, imageDigest, imageId, sizeBytes, measurements, exposedPorts };
  if (!eif) return { lines: [...lines, `image ${name}@${imageDigest}`], data };
  const memoryMib = Math.max(LEAST_MEMORY_MIB, Math.ceil((eif.sizeBytes * MEMORY_FACTOR) / MIB));
  const runCommand = `nitro-cli run-enclave --eif-path ${shellQuoted(name)} --memory ${memoryMib} --cpu-count ${CPU_COUNT}`;
  return {
    lines: [...lines, `file  ${name}, ${eif.sizeBytes} bytes, sha256 ${eif.sha256}`, `run   ${runCommand}`],
    data: { ...data, eif: { file: name, ...eif }, memoryMib, cpuCount: CPU_COUNT, runCommand },
  };
}

function shellQuoted(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
