// A folder that goes away with the tests that use it, and programs run to their end.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'build-catalog-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Standard output of a program that ended well; else rejects with what it wrote. */
export async function run(program: string, ...args: string[]): Promise<string> {
  return (await promisify(execFile)(program, args, { maxBuffer: 16 * 1024 * 1024 })).stdout;
}
