// What of the machine some tests need. Without it those tests are skipped, and say so; with REQUIRE_ALL=1 they fail.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export function describeWith(programs: string[], name: string, tests: () => void): void {
  const absent = programs.filter((program) => !isInstalled(program));
  const why = absent.length === 0 ? undefined : `${absent.join(', ')} not installed`;
  const [title, skip] = titleOf(name, why);
  (skip ? describe.skip : describe)(title, tests);
}

/** Tests that put small disks of their own under a gateway. */
export function describeWithMounts(name: string, tests: () => void): void {
  const [title, skip] = titleOf(name, canMount() ? undefined : 'mounting a tmpfs needs root');
  (skip ? describe.skip : describe)(title, tests);
}

/** A test that writes to /dev/full. */
export function itWithFullDevice(name: string, test: () => Promise<void>): void {
  const [title, skip] = titleOf(name, existsSync('/dev/full') ? undefined : 'there is no /dev/full');
  (skip ? it.skip : it)(title, test);
}

export function mountTmpfs(folder: string, sizeMib: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', folder], { stdio: 'pipe' });
}

export function unmount(folder: string): void {
  execFileSync('umount', [folder], { stdio: 'pipe' });
}

function titleOf(name: string, why: string | undefined): [title: string, skip: boolean] {
  if (why === undefined) return [name, false];
  if (process.env.REQUIRE_ALL === '1') throw new Error(`${name}: ${why}, but REQUIRE_ALL=1.`);
  return [`${name} (skipped: ${why})`, true];
}

/** Only trying tells: root in a container often may not. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'build-catalog-mount-'));
  try {
    mountTmpfs(folder, 1);
    unmount(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}
