// Python's packages: METADATA of a wheel, PKG-INFO of an egg; both begin with the fields (core metadata
// specification), so that the beginning of the file is enough.
import { readStanzas } from './control-fields.js';
import type { Package } from './package-url.js';

const FIELDS = ['Name', 'Version', 'License-Expression', 'License'];

export function* pythonPackages(bytes: Buffer): Generator<Package> {
  const [fields] = readStanzas(bytes, FIELDS);
  const license = fields?.get('License-Expression') ?? fields?.get('License');
  yield { type: 'pypi', name: fields?.get('Name') ?? '', version: fields?.get('Version') ?? '', license };
}
