// What differs between two ramdisks, file by file. Both are read at once and an entry is forgotten as soon as the other
// ramdisk has shown its counterpart, so that memory is taken by what differs and not by what is there.
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { SeenFile } from './changed-file.js';
import { CpioReader, TYPE_MASK } from './cpio-reader.js';
import type { CpioFile } from './cpio-reader.js';
import { FileMode } from './cpio.js';
import { EifStream } from './eif-stream.js';
import type { EifSource } from './eif-stream.js';
import { FileDifferences } from './file-differences.js';
import type { DiffLimits, RamdiskDifferences } from './file-differences.js';

export interface DiffOptions {
  signal: AbortSignal;
  limits: DiffLimits;
}

/** The ramdisks as parts of their files, null where an EIF has none; throws InvalidEif where one is no archive. */
export async function diffRamdisks(
  a: EifSource | null,
  b: EifSource | null,
  { signal, limits }: DiffOptions,
): Promise<RamdiskDifferences> {
  const differences = new FileDifferences(limits);
  const walks: Walk[] = [];
  if (a) walks.push(new Walk(new EifStream(a, signal), (file) => differences.see('a', file)));
  if (b) walks.push(new Walk(new EifStream(b, signal), (file) => differences.see('b', file)));
  while (walks.length > 0) {
    // Whichever has shown less that the other has not: a large file that one of them lacks does not part them.
    const ahead = walks.length === 2 && differences.pendingOf('a') > differences.pendingOf('b') ? 1 : 0;
    if (await walks[ahead]!.step()) walks.splice(ahead, 1);
  }
  return differences.end();
}

class Walk {
  private readonly reader = new CpioReader(this);
  private readonly chunks: AsyncGenerator<Buffer, void>;
  private file!: CpioFile;
  private hash?: Hash;
  private target = '';

  constructor(
    stream: EifStream,
    private readonly onFile: (file: SeenFile) => void,
  ) {
    this.chunks = stream.chunks(stream.left);
  }

  /** Answers whether that was the end. */
  async step(): Promise<boolean> {
    const { value, done } = await this.chunks.next();
    if (value) this.reader.write(value);
    if (done) this.reader.end();
    return done === true;
  }

  entry(file: CpioFile): void {
    this.file = file;
    this.target = '';
    const type = file.mode & TYPE_MASK;
    this.hash = type === FileMode.FILE ? createHash('sha256') : undefined;
  }

  data(chunk: Buffer): void {
    this.hash?.update(chunk);
    if ((this.file.mode & TYPE_MASK) === FileMode.SYMLINK) this.target += chunk.toString('latin1');
  }

  endOfEntry(): void {
    const sha256 = this.hash?.digest('hex') ?? null;
    this.onFile({ file: this.file, sha256, target: this.target });
  }
}
