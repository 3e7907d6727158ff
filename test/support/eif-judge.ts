// The project's independent checker of EIF files; it shares no code with the product. It is no part of the project:
// where ../shared is absent, its tests are skipped and say so, also with REQUIRE_ALL=1.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from './folders.js';

const CHECKER = resolve(__dirname, '../../../shared/tools/eif_check.py');
const MAX_REPORT_BYTES = 64 * 1024 * 1024;

export interface EifReport {
  flags: number;
  sections: [string, number][];
  cmdline: string;
  measurements: Record<string, string>;
  metadata: Record<string, unknown>;
  /** Entries of each ramdisk. */
  cpio: { name: string; sha256: string; mode: string; size: number }[][];
}

const hasEifJudge = existsSync(CHECKER);

/** A test of its own for what only the checker can tell, so that it never passes unchecked. */
export function itJudged(name: string, test: () => Promise<void>): void {
  (hasEifJudge ? it : it.skip)(`${name}${hasEifJudge ? '' : ' (skipped: ../shared is absent)'}`, test);
}

/** Throws for a file that is not valid. */
export function judgeEif(file: string): EifReport {
  const options = { encoding: 'utf8', maxBuffer: MAX_REPORT_BYTES } as const;
  return JSON.parse(execFileSync('python3', [CHECKER, file, '--cpio'], options)) as EifReport;
}

/** Takes the EIF out of an image that skopeo copied to `dir:`; returns its path. */
export async function extractEif(imageDir: string, layerDigest: string): Promise<string> {
  await run('tar', '-C', imageDir, '-xf', join(imageDir, layerDigest.replace('sha256:', '')), 'enclave/enclave.eif');
  return join(imageDir, 'enclave', 'enclave.eif');
}
