// Alpine's packages: apk's database of what is installed, whose fields have one letter (apk's manual, "INSTALLED").
import { readStanzas } from './control-fields.js';
import type { Package } from './package-url.js';

export function* apkPackages(bytes: Buffer): Generator<Package> {
  for (const fields of readStanzas(bytes, ['P', 'V', 'A', 'L'])) {
    const [name = '', version = ''] = [fields.get('P'), fields.get('V')];
    yield { type: 'apk', name, version, architecture: fields.get('A'), license: fields.get('L') };
  }
}
