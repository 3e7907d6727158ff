// rpm's packages, from any of the three forms that its database has had. Each form is read by own code that touches
// nothing but the bytes: a library made for files that one has written oneself is no match for a hostile one.
import type { Package } from './package-url.js';
import { berkeleyHashValues } from './rpm-berkeley.js';
import { parseRpmHeader } from './rpm-header.js';
import { ndbBlobs } from './rpm-ndb.js';
import { sqliteBlobs } from './rpm-sqlite.js';

const WAL_MAGIC = [0x377f0682, 0x377f0683];

/** Throws at the first malformed place; what came before it counts. */
export function* rpmPackages(file: Buffer): Generator<Package> {
  let budget = file.length;
  for (const blob of headersOf(file)) {
    // Parts that overlap would let a small file stand for any amount of work.
    budget -= blob.length;
    if (budget < 0) throw new Error('its parts overlap');
    const found = parseRpmHeader(blob);
    if (found) yield found;
  }
}

function headersOf(file: Buffer): Iterable<Buffer> {
  if (file.toString('latin1', 0, 16) === 'SQLite format 3\0') return sqliteBlobs(file, 'Packages');
  if (file.toString('latin1', 0, 4) === 'RpmP') return ndbBlobs(file);
  if (file.length > 16 && file.readUInt32LE(12) === 0x061561) return berkeleyHashValues(file);
  if (WAL_MAGIC.includes(file.readUInt32BE(0))) throw new Error('it is a write-ahead log, which is not read');
  throw new Error('its form is unknown');
}
