// How an EIF is started on a Nitro host.

const MIB = 1024 * 1024;
/** The ramdisks are in memory as they come and again unpacked: nitro-cli refuses less than so many times the EIF. */
export const MEMORY_PER_EIF = 4;
/** The least that nitro-cli gives any enclave. */
const LEAST_MEMORY_MIB = 64;
const DEFAULT_CPU_COUNT = 2;

/** What an enclave of such an EIF needs at least, in MiB. */
export const minimumMemoryMib = (eifBytes: number): number =>
  Math.max(Math.ceil((MEMORY_PER_EIF * eifBytes) / MIB), LEAST_MEMORY_MIB);

export interface RunOptions {
  /** Quoted where a shell would need it. */
  file: string;
  eifBytes: number;
  /** In MiB; less than what is needed is made up for. */
  memSizeMb?: number | null;
  cpuCount?: number | null;
}

export interface RunCommand {
  memoryMib: number;
  cpuCount: number;
  command: string;
}

export function runCommand({ file, eifBytes, memSizeMb, cpuCount: wanted }: RunOptions): RunCommand {
  const memoryMib = Math.max(minimumMemoryMib(eifBytes), memSizeMb ?? 0);
  const cpuCount = wanted ?? DEFAULT_CPU_COUNT;
  const path = /^[\w./:@%+,-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
  const command = `nitro-cli run-enclave --eif-path ${path} --memory ${memoryMib} --cpu-count ${cpuCount}`;
  return { memoryMib, cpuCount, command };
}
