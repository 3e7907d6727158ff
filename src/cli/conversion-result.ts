// What `build-catalog convert` says at its end: measurements, and how the result is started.
import type { ConversionResult } from '../conversions/child-messages.js';
import { runCommand } from '../nitro/run-command.js';
import { formatOutputName } from './image-name.js';
import type { OutputName } from './image-name.js';
import type { WrittenEif } from './eif-file-output.js';

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
  const { memoryMib, cpuCount, command } = runCommand({ file: name, eifBytes: eif.sizeBytes });
  return {
    lines: [...lines, `file  ${name}, ${eif.sizeBytes} bytes, sha256 ${eif.sha256}`, `run   ${command}`],
    data: { ...data, eif: { file: name, ...eif }, memoryMib, cpuCount, runCommand: command },
  };
}
