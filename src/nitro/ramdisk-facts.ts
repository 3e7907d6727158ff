// What a reader of EIFs wants to know of a ramdisk as it passes: how much is in it, and the two files that init reads.
import { CpioReader, TYPE_MASK } from './cpio-reader.js';
import type { CpioFile } from './cpio-reader.js';
import { FileMode } from './cpio.js';
import { whatIsInvalid } from './invalid-eif.js';

export interface RamdiskFacts {
  /** What its first bytes look like; only a plain `cpio` is looked into. */
  format: 'cpio' | 'gzip' | 'unknown';
  /** Null where it could not be read to its end. */
  entryCount: number | null;
  /** Bytes of all files' data. */
  dataBytes: number;
}

/** The lines of the files `cmd` and `env`, where a ramdisk has them. */
export interface InitFiles {
  cmd?: string[];
  env?: string[];
}

const MAX_INIT_FILE_BYTES = 1024 * 1024;

export class RamdiskIntake {
  readonly files: InitFiles = {};
  problem?: string;
  private readonly reader = new CpioReader(this);
  private format: RamdiskFacts['format'] = 'unknown';
  private entries = 0;
  private dataBytes = 0;
  private started = false;
  /** Something may lead the kernel to other files than their names say. */
  private isDeceptive = false;
  private wanted?: { name: keyof InitFiles; data: Buffer; fill: number };

  /** @param chunk the first one has at least 6 bytes, if the ramdisk does */
  write(chunk: Buffer): void {
    if (!this.started) this.format = formatOf(chunk);
    this.started = true;
    this.feed(() => this.reader.write(chunk));
  }

  end(): RamdiskFacts {
    this.feed(() => this.reader.end());
    const isWhole = this.format === 'cpio' && this.problem === undefined;
    if (this.isDeceptive) {
      delete this.files.cmd;
      delete this.files.env;
      this.problem ??= 'it has links or names from which what init starts can not be told';
    }
    return { format: this.format, entryCount: isWhole ? this.entries : null, dataBytes: this.dataBytes };
  }

  entry({ name, mode, size }: CpioFile): void {
    this.entries++;
    this.dataBytes += size;
    this.wanted = undefined;
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    const path = parts.join('/');
    const isFile = (mode & TYPE_MASK) === FileMode.FILE;
    const isInitFile = path === 'cmd' || path === 'env';
    const isRootLink = parts.length === 1 && (mode & TYPE_MASK) === FileMode.SYMLINK;
    if (parts.includes('..') || isRootLink || (isInitFile && !isFile)) this.isDeceptive = true;
    if (!isInitFile || !isFile) return;
    delete this.files[path];
    // The last of a name is what the kernel leaves there.
    if (size <= MAX_INIT_FILE_BYTES) this.wanted = { name: path, data: Buffer.alloc(size), fill: 0 };
  }

  data(chunk: Buffer): void {
    if (this.wanted) this.wanted.fill += chunk.copy(this.wanted.data, this.wanted.fill);
  }

  endOfEntry(): void {
    if (this.wanted) this.files[this.wanted.name] = linesOf(this.wanted.data);
  }

  private feed(step: () => void): void {
    if (this.problem !== undefined || (this.started && this.format !== 'cpio')) return;
    try {
      step();
    } catch (error) {
      this.problem = whatIsInvalid(error);
    }
  }
}

function formatOf(chunk: Buffer): RamdiskFacts['format'] {
  if (/^07070[12]$/.test(chunk.toString('latin1', 0, 6))) return 'cpio';
  return chunk[0] === 0x1f && chunk[1] === 0x8b ? 'gzip' : 'unknown';
}

function linesOf(data: Buffer): string[] {
  const lines = data.toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
