// The enclave's measurements (PCRs): SHA-384 over the data of the sections, extended once from a register of zeros.
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';

/** 96 hex digits each. */
export interface Measurements {
  /** Kernel, command line and all ramdisks. */
  pcr0: string;
  /** Kernel, command line and the boot ramdisk: the same for all builds with the same boot blobs. */
  pcr1: string;
  /** All ramdisks but the first: the application. */
  pcr2: string;
  /** The certificate whose key signed the image; absent where nobody did. */
  pcr8?: string;
}

const REGISTER_BYTES = 48;

export function extendFromZero(digest: Buffer): string {
  return createHash('sha384').update(Buffer.alloc(REGISTER_BYTES)).update(digest).digest('hex');
}

/** PCR0 and PCR1 begin with the same bytes, which are hashed once. PCR2 is hashed elsewhere, at the same time. */
export class BootHashes {
  private readonly all: Hash = createHash('sha384');
  private boot?: Hash;

  update(data: Buffer): void {
    this.all.update(data);
  }

  /** To be called after the first ramdisk. */
  endOfBoot(): void {
    this.boot = this.all.copy();
  }

  digest(): Pick<Measurements, 'pcr0' | 'pcr1'> {
    if (!this.boot) throw new Error('The boot ramdisk has not been hashed.');
    return { pcr0: extendFromZero(this.all.digest()), pcr1: extendFromZero(this.boot.digest()) };
  }
}
