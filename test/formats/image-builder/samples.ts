// What Image Builder answered in public. It is no part of the project: where ../shared is absent, its tests are skipped
// and say so, also with REQUIRE_ALL=1.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '../../../../shared/reference/image-builder/samples');
const isThere = existsSync(FOLDER);

export type Sample = [file: string, document: Record<string, any>];

/** Every sample that is an answer of GetImage. */
export const SAMPLES: Sample[] = (isThere ? readdirSync(FOLDER) : [])
  .filter((file) => file.endsWith('.json'))
  .map((file): Sample => [file, JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))])
  .filter(([, document]) => typeof document.image?.arn === 'string');

export function describeWithSamples(name: string, tests: () => void): void {
  if (isThere) return describe(name, tests);
  describe(name, () => it.skip('holds (skipped: ../shared is absent)', () => undefined));
}
