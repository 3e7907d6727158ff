// What an EIF's sections are written through: a few large buffers in turn, each hashed, checksummed and on its way to
// the disk while the next one is filled. Its size is what bounds the memory of a conversion.
import { crc32 } from 'node:zlib';
import type { FileHandle } from 'node:fs/promises';
import { asDiskFailure } from '../oci/image-failure.js';
import type { OnBytes } from '../oci/image-repository.js';
import { BootHashes, extendFromZero } from './measure.js';
import type { Measurements } from './measure.js';
import { ParallelHash } from './parallel-hash.js';

/** Which registers the bytes count for: `boot` for PCR0 and PCR1, `application` for PCR0 and PCR2. */
export type Measured = 'none' | 'boot' | 'application';

const SLOT_BYTES = 1024 * 1024;
const SLOTS = 4;

interface Slot {
  start: number;
  bytes: Buffer;
  ticket: number;
  written: Promise<void>;
}

export class EifOutput {
  /** Bytes taken so far. */
  position = 0;
  private readonly memory = new SharedArrayBuffer(SLOT_BYTES * SLOTS);
  private readonly application = new ParallelHash(this.memory, 'sha384');
  private readonly boot = new BootHashes();
  private readonly slots: Slot[];
  private slot: Slot;
  private slotIndex = 0;
  private fill = 0;
  private hashed = 0;
  private measured: Measured = 'none';
  private flushed = 0;
  private crc = 0;
  private failure?: unknown;

  constructor(
    private readonly target: { file: FileHandle; offset: number },
    private readonly signal: AbortSignal,
    private readonly onBytes: OnBytes = () => undefined,
  ) {
    this.slots = Array.from({ length: SLOTS }, (_, index) => {
      const start = index * SLOT_BYTES;
      return { start, bytes: Buffer.from(this.memory, start, SLOT_BYTES), ticket: 0, written: Promise.resolve() };
    });
    this.slot = this.slots[0]!;
  }

  measureInto(measured: Measured): void {
    this.hashRange();
    this.measured = measured;
  }

  endOfBoot(): void {
    this.hashRange();
    this.boot.endOfBoot();
  }

  async append(data: Buffer): Promise<void> {
    for (let at = 0; at < data.length;) {
      const room = await this.room();
      const taken = data.copy(room, 0, at);
      this.filled(taken);
      at += taken;
    }
  }

  /** A place to read data into, of at least one byte; `filled` tells how much was. */
  async room(): Promise<Buffer> {
    if (this.fill === SLOT_BYTES) await this.nextSlot();
    return this.slot.bytes.subarray(this.fill);
  }

  filled(bytes: number): void {
    this.fill += bytes;
    this.position += bytes;
  }

  /** Ends the measuring; what comes after it counts for no register. */
  async measure(): Promise<Measurements> {
    this.measureInto('none');
    const pcr2 = extendFromZero(await this.application.digest());
    return { ...this.boot.digest(), pcr2 };
  }

  /** Answers the CRC-32 of all that was taken, once it is written. */
  async finish(): Promise<number> {
    this.flush();
    await Promise.all(this.slots.map((slot) => slot.written));
    this.throwFailure();
    return this.crc;
  }

  async close(): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.written));
    await this.application.close();
  }

  private hashRange(): void {
    const range = this.slot.bytes.subarray(this.hashed, this.fill);
    if (range.length > 0 && this.measured !== 'none') {
      if (this.measured === 'application') {
        this.slot.ticket = this.application.update(this.slot.start + this.hashed, this.slot.start + this.fill);
      }
      this.boot.update(range);
    }
    this.hashed = this.fill;
  }

  private flush(): void {
    const { slot, fill } = this;
    this.hashRange();
    this.crc = crc32(slot.bytes.subarray(0, fill), this.crc);
    slot.written = this.write(slot.bytes.subarray(0, fill), this.target.offset + this.flushed);
    this.flushed += fill;
    this.fill = this.hashed = 0;
    this.onBytes(fill);
  }

  private async nextSlot(): Promise<void> {
    this.signal.throwIfAborted();
    this.flush();
    this.slotIndex = (this.slotIndex + 1) % SLOTS;
    this.slot = this.slots[this.slotIndex]!;
    await this.slot.written;
    this.throwFailure();
    await this.application.whenDone(this.slot.ticket);
  }

  private async write(data: Buffer, position: number): Promise<void> {
    try {
      for (let at = 0; at < data.length;) {
        at += (await this.target.file.write(data, at, data.length - at, position + at)).bytesWritten;
      }
    } catch (error) {
      this.failure = asDiskFailure(error);
    }
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure as Error;
  }
}
