// What is done with the sections of an EIF that is being read: measured, hashed, and kept where they are small.
import { createHash } from 'node:crypto';
import type { SectionName } from './eif-header.js';
import { extendFromZero } from './measure.js';
import type { Measurements } from './measure.js';
import { RamdiskIntake } from './ramdisk-facts.js';
import type { InitFiles, RamdiskFacts } from './ramdisk-facts.js';

export interface EifSection {
  name: SectionName;
  /** 0 but where something is wrong. */
  flags: number;
  /** Of its data in the EIF. */
  offset: number;
  sizeBytes: number;
  /** 64 hex digits of its data. */
  sha256: string;
}

/** Of what is kept; larger ones are measured all the same. */
const MAX_KEPT_BYTES = { cmdline: 65_536, signature: 32_768, metadata: 1024 * 1024 };

/** Registers of their own, since a file from elsewhere may have its sections in any order. */
export class EifSections {
  readonly sections: EifSection[] = [];
  readonly ramdisks: RamdiskFacts[] = [];
  readonly initFiles: InitFiles = {};
  readonly problems: string[] = [];
  private readonly kept = new Map<SectionName, Buffer>();
  private readonly registers = [createHash('sha384'), createHash('sha384'), createHash('sha384')] as const;

  async take(section: Omit<EifSection, 'sha256'>, chunks: AsyncIterable<Buffer>): Promise<void> {
    const registers = this.registersOf(section.name);
    const ramdisk = section.name === 'ramdisk' ? new RamdiskIntake() : undefined;
    const keeper = this.keeperOf(section);
    const sha256 = createHash('sha256');
    let fill = 0;
    for await (const chunk of chunks) {
      sha256.update(chunk);
      for (const register of registers) register.update(chunk);
      ramdisk?.write(chunk);
      if (keeper) fill += chunk.copy(keeper, fill);
    }
    this.sections.push({ ...section, sha256: sha256.digest('hex') });
    if (ramdisk) this.endRamdisk(ramdisk);
  }

  keptOf(name: SectionName): Buffer | undefined {
    return this.kept.get(name);
  }

  measurements(): Measurements {
    const [pcr0, pcr1, pcr2] = this.registers;
    return {
      pcr0: extendFromZero(pcr0.digest()),
      pcr1: extendFromZero(pcr1.digest()),
      pcr2: extendFromZero(pcr2.digest()),
    };
  }

  private registersOf(name: SectionName) {
    const [all, boot, application] = this.registers;
    if (name === 'kernel' || name === 'cmdline') return [all, boot];
    if (name === 'ramdisk') return [all, this.ramdisks.length === 0 ? boot : application];
    return [];
  }

  private keeperOf({ name, sizeBytes }: Omit<EifSection, 'sha256'>): Buffer | undefined {
    // The first counts, as for AWS's reader; that there are more is a problem of its own.
    if (name === 'kernel' || name === 'ramdisk' || this.kept.has(name)) return undefined;
    if (sizeBytes > MAX_KEPT_BYTES[name]) {
      this.problems.push(`its ${name} section has ${sizeBytes} bytes; ${MAX_KEPT_BYTES[name]} are read`);
      return undefined;
    }
    const keeper = Buffer.alloc(sizeBytes);
    this.kept.set(name, keeper);
    return keeper;
  }

  private endRamdisk(intake: RamdiskIntake): void {
    this.ramdisks.push(intake.end());
    if (intake.problem !== undefined) this.problems.push(intake.problem);
    Object.assign(this.initFiles, intake.files);
  }
}
