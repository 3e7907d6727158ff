// An incremental reader of ramdisks (cpio "newc"): it is fed chunks of any size and tells of each entry and its data.
// It keeps one name at a time and no data. Archives may follow one another, as the kernel allows.
import { FileMode } from './cpio.js';
import type { CpioEntry } from './cpio.js';
import { InvalidEif } from './invalid-eif.js';

export interface CpioFile extends Omit<CpioEntry, 'data'> {
  /** Where in the ramdisk its header and its data begin. */
  position: number;
  offset: number;
}

export interface CpioSink {
  entry(file: CpioFile): void;
  /** Data of the last entry; good until the call returns. */
  data?(chunk: Buffer): void;
  /** All data of the last entry has come. */
  endOfEntry?(): void;
}

export const TYPE_MASK = 0o170000;
const HEADER_BYTES = 110;
/** PATH_MAX, NUL included: the kernel skips what is longer. */
const MAX_NAME_BYTES = 4096;
const TRAILER = 'TRAILER!!!';

type State = 'header' | 'name' | 'data' | 'padding' | 'zeros';

export class CpioReader {
  private state: State = 'header';
  private position = 0;
  private readonly block = Buffer.alloc(HEADER_BYTES + MAX_NAME_BYTES + 4);
  private fill = 0;
  /** Bytes until the state changes. */
  private wanted = HEADER_BYTES;
  private fields: number[] = [];

  constructor(private readonly sink: CpioSink) {}

  /** Throws InvalidEif where it is no archive; what comes after that means nothing. */
  write(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const taken = this.take(chunk, at);
      at += taken;
      this.position += taken;
      if (this.wanted === 0) this.next();
    }
  }

  end(): void {
    if (this.state !== 'zeros') throw invalid(this.position === 0 ? 'is empty' : 'is cut');
  }

  private take(chunk: Buffer, at: number): number {
    if (this.state === 'zeros') return this.takeZeros(chunk, at);
    const taken = Math.min(this.wanted, chunk.length - at);
    if (this.state === 'data') this.sink.data?.(chunk.subarray(at, at + taken));
    else if (this.state !== 'padding') this.fill += chunk.copy(this.block, this.fill, at, at + taken);
    this.wanted -= taken;
    return taken;
  }

  private takeZeros(chunk: Buffer, at: number): number {
    let end = at;
    while (end < chunk.length && chunk[end] === 0) end++;
    if (end === chunk.length) return end - at;
    if ((this.position + end - at) % 4 !== 0) throw invalid('has bytes after its end');
    this.enter('header', HEADER_BYTES);
    this.fill = 0;
    return end - at;
  }

  private enter(state: State, wanted: number): void {
    this.state = state;
    this.wanted = wanted;
  }

  // Where nothing is wanted of a state, the next one follows at once.
  private next(): void {
    if (this.state === 'header') this.endHeader();
    else if (this.state === 'name') this.endName();
    else if (this.state === 'data') this.endData();
    else if (this.state === 'padding') {
      this.fill = 0;
      this.enter('header', HEADER_BYTES);
    }
  }

  private endHeader(): void {
    const magic = this.block.toString('latin1', 0, 6);
    if (magic !== '070701' && magic !== '070702') throw invalid(`has no cpio header at byte ${this.position - 110}`);
    this.fields = [];
    for (let at = 6; at < HEADER_BYTES; at += 8) this.fields.push(hexAt(this.block, at));
    const nameBytes = this.fields[11]!;
    if (nameBytes < 1 || nameBytes > MAX_NAME_BYTES) throw invalid(`has a name of ${nameBytes} bytes`);
    this.enter('name', aligned(HEADER_BYTES + nameBytes) - HEADER_BYTES);
  }

  private endName(): void {
    const [, mode = 0, uid = 0, gid = 0, , mtime = 0, size = 0, , , devMajor = 0, devMinor = 0, nameBytes = 0] =
      this.fields;
    const name = this.block.toString('latin1', HEADER_BYTES, HEADER_BYTES + nameBytes - 1);
    if (this.block[HEADER_BYTES + nameBytes - 1] !== 0 || name.includes('\0')) throw invalid('has a name without end');
    if (name === TRAILER) {
      if (size > 0) throw invalid('has an end with data');
      return this.enter('zeros', Infinity);
    }
    const isLink = (mode & TYPE_MASK) === FileMode.SYMLINK;
    if (isLink && size > MAX_NAME_BYTES) throw invalid('has a link with too long a target');
    const position = this.position - this.fill;
    this.sink.entry({ name, mode, uid, gid, mtime, size, devMajor, devMinor, position, offset: this.position });
    this.enter('data', size);
    if (size === 0) this.endData();
  }

  private endData(): void {
    this.sink.endOfEntry?.();
    this.fill = 0;
    const padding = aligned(this.position) - this.position;
    this.enter(padding > 0 ? 'padding' : 'header', padding || HEADER_BYTES);
  }
}

function aligned(position: number): number {
  return Math.ceil(position / 4) * 4;
}

function hexAt(block: Buffer, at: number): number {
  let value = 0;
  for (let i = at; i < at + 8; i++) {
    const digit = DIGITS[block[i]!]!;
    if (digit < 0) throw invalid('has a header that is not in hex digits');
    value = value * 16 + digit;
  }
  return value;
}

const DIGITS = Int8Array.from({ length: 256 }, (_, byte) => '0123456789abcdef'.indexOf(lowered(byte)));

function lowered(byte: number): string {
  return String.fromCharCode(byte).toLowerCase();
}

function invalid(what: string): InvalidEif {
  return new InvalidEif(`a ramdisk ${what}`);
}
