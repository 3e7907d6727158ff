// Where the package lies, whether this runs from src/ (tests) or from dist/src/ (everything else).
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function find(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : find(dirname(folder));
}

export const packageRoot = find(__dirname);

export const packageVersion = (
  JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
).version;
