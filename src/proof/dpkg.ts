// Debian's packages: /var/lib/dpkg/status, or one file each in status.d where an image has no dpkg (distroless).
import { readStanzas } from './control-fields.js';
import type { Package } from './package-url.js';

const FIELDS = ['Package', 'Version', 'Architecture', 'Status'];

/** Those whose files are there: removed ones stay listed while their configuration does. */
export function* dpkgPackages(bytes: Buffer): Generator<Package> {
  for (const fields of readStanzas(bytes, FIELDS)) {
    const status = fields.get('Status');
    if (status !== undefined && !/ (?:installed|unpacked|half-configured|triggers-\w+)$/.test(status)) continue;
    const name = fields.get('Package') ?? '';
    yield { type: 'deb', name, version: fields.get('Version') ?? '', architecture: fields.get('Architecture') };
  }
}
