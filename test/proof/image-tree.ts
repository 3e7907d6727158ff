// The packages found in an image of the given layers, read from real spool files.
import { findSpooledPackages } from '../../src/proof/packages.js';
import type { FoundPackages } from '../../src/proof/package-list.js';
import { flattenLayers } from '../support/flatten-layers.js';
import { spool, tarOf } from '../support/tar-builder.js';
import type { Member } from '../support/tar-builder.js';

export async function packagesOf(folder: string, ...layers: Member[][]): Promise<FoundPackages> {
  const spooled = [];
  for (const members of layers) {
    const tar = tarOf(members);
    spooled.push(await spool(folder, { stored: tar, tar }));
  }
  const tree = await flattenLayers(spooled.map((layer) => layer.entries));
  return findSpooledPackages(
    tree,
    spooled.map((layer) => layer.spoolPath),
  );
}

export const urls = ({ packages }: FoundPackages) => packages.map(({ purl }) => purl);

export const file = (name: string, data: string | Buffer): Member => ({ name, data });

export const DEBIAN = file('etc/os-release', 'PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="12"\n');
