// The project's independent checker of EIF files, where it is present.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const CHECKER = resolve(__dirname, '../../../shared/tools/eif_check.py');

export interface EifReport {
  flags: number;
  sections: [string, number][];
  cmdline: string;
  measurements: Record<string, string>;
  metadata: Record<string, unknown>;
}

export const hasEifJudge = existsSync(CHECKER);

/** Rejects a file that is not valid. */
export function judgeEif(file: string): EifReport {
  return JSON.parse(execFileSync('python3', [CHECKER, file, '--json'], { encoding: 'utf8' })) as EifReport;
}
