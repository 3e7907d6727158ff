// Samples of vendors' documents that lie beside the product, where there are any.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const REFERENCE = join(__dirname, '../../../shared/reference');

/** By their file names; none where the folder is not there. */
export function sharedSamples(vendor: string, prefix: string): Record<string, Record<string, unknown>> {
  const folder = join(REFERENCE, vendor, 'samples');
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.includes(prefix)) : [];
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>;
  return Object.fromEntries(
    files.filter((name) => name.endsWith('.json')).map((name) => [`the sample ${name}`, read(name)]),
  );
}
