// Programs that some tests need. Without them those tests are skipped, and say so; with REQUIRE_ALL=1 they fail.
import { accessSync, constants } from 'node:fs';
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
  if (absent.length === 0) return describe(name, tests);
  const why = `${absent.join(', ')} not installed`;
  if (process.env.REQUIRE_ALL === '1') throw new Error(`${name}: ${why}, but REQUIRE_ALL=1.`);
  describe.skip(`${name} (skipped: ${why})`, tests);
}
