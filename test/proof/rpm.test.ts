import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { berkeleyHashValues } from '../../src/proof/rpm-berkeley.js';
import { sqliteBlobs } from '../../src/proof/rpm-sqlite.js';
import { temporaryFolder } from '../support/folders.js';
import { file, packagesOf, urls } from './image-tree.js';

const folder = temporaryFolder();
/** Made by rpm itself (test/fixtures/rpm/make.sh). */
const fixture = (name: string) => gunzipSync(readFileSync(join(__dirname, '../fixtures/rpm', `${name}.gz`)));
const RHEL = file('etc/os-release', 'ID="rhel"\nVERSION_ID="9.3"\n');

const sqlite = fixture('rpmdb.sqlite');
const headers = [...sqliteBlobs(sqlite, 'Packages')];

/** As rpm's ndb backend lays it out; Debian's rpm can not write it. */
function ndbOf(blobs: Buffer[]): Buffer {
  const slots = Buffer.alloc(4096);
  slots.write('RpmP');
  slots.writeUInt32LE(1, 12);
  for (let slot = 32; slot < slots.length; slot += 16) slots.write('Slot', slot);
  const parts = [slots];
  let at = slots.length;
  for (const [index, blob] of blobs.entries()) {
    const size = Math.ceil((16 + blob.length + 12) / 16) * 16;
    const part = Buffer.alloc(size);
    part.write('BlbS');
    part.writeUInt32LE(index + 1, 4);
    part.writeUInt32LE(blob.length, 12);
    blob.copy(part, 16);
    part.write('BlbE', size - 4);
    // Every other slot stays free, as after packages were removed.
    const slot = 32 + 32 * index;
    slots.writeUInt32LE(index + 1, slot + 4);
    slots.writeUInt32LE(at / 16, slot + 8);
    slots.writeUInt32LE(size / 16, slot + 12);
    parts.push(part);
    at += size;
  }
  return Buffer.concat(parts);
}

const forms: [string, Buffer][] = [
  ['var/lib/rpm/rpmdb.sqlite', sqlite],
  ['usr/lib/sysimage/rpm/Packages.db', ndbOf(headers)],
  ['var/lib/rpm/Packages', fixture('Packages')],
];

describe.each(forms)('the packages of rpm in %s', (path, database) => {
  it('are all found, whatever the size of their headers', async () => {
    const found = await packagesOf(folder, [RHEL, file(path, database)]);
    expect(found.packages).toHaveLength(40);
    expect(urls(found)).toContain('pkg:rpm/redhat/lib7%2B%2B@7.0-3.el9?arch=noarch&distro=rhel-9.3&epoch=2');
    expect(urls(found)).toContain('pkg:rpm/redhat/sample@1.4~rc1-3.el9?arch=noarch&distro=rhel-9.3&epoch=2');
    expect(found.packages.find(({ name }) => name === 'sample')?.license).toBe('MIT AND BSD-3-Clause');
    expect(found.incomplete).toEqual([]);
  });

  it('are kept up to the place from where the file is cut off, and that is said', async () => {
    const cut = database.subarray(0, Math.floor(database.length * 0.6));
    const found = await packagesOf(folder, [file(path, cut)]);
    expect(found.packages.length).toBeLessThan(40);
    expect(found.incomplete).toEqual([expect.stringMatching(/^Not read, or not to its end: /)]);
  });
});

describe("rpm's databases", () => {
  it('give the same headers in either form', () => {
    const bytewise = (blobs: Buffer[]) => blobs.sort((a, b) => a.compare(b));
    expect(bytewise([...berkeleyHashValues(fixture('Packages'))])).toEqual(bytewise([...headers]));
    expect(Math.max(...headers.map(({ length }) => length))).toBeGreaterThan(16_384);
  });

  it('are found behind a link', async () => {
    const link = { name: 'var/lib/rpm', link: '../../usr/lib/sysimage/rpm' };
    const found = await packagesOf(folder, [link, file('usr/lib/sysimage/rpm/rpmdb.sqlite', sqlite)]);
    expect(found.packages).toHaveLength(40);
  });

  it('may have a log of what is not in them yet, which is said', async () => {
    const log = Buffer.alloc(64);
    log.writeUInt32BE(0x377f0682);
    const found = await packagesOf(folder, [file('var/lib/rpm/rpmdb.sqlite-wal', log)]);
    expect(found.incomplete).toEqual([
      'Not read, or not to its end: "var/lib/rpm/rpmdb.sqlite-wal": it is a write-ahead log, which is not read.',
    ]);
  });

  it('hold signing keys, too, which are no packages', async () => {
    const key = Buffer.concat([headers.find((header) => header.includes('lib7++'))!]);
    const at = key.indexOf('lib7++\0');
    expect(urls(await packagesOf(folder, [file('var/lib/rpm/Packages.db', ndbOf([key]))]))).toHaveLength(1);
    const renamed = Buffer.concat([key.subarray(0, at), Buffer.from('gpg-pubkey\0'), key.subarray(at + 11)]);
    expect(urls(await packagesOf(folder, [file('var/lib/rpm/Packages.db', ndbOf([renamed]))]))).toEqual([]);
  });

  it('whose parts overlap are not read over and over', async () => {
    const database = ndbOf([headers[0]!]);
    const shared = database.subarray(32, 48);
    for (let slot = 48; slot < 4096; slot += 16) shared.copy(database, slot);
    const found = await packagesOf(folder, [file('var/lib/rpm/Packages.db', database)]);
    expect(found.packages).toHaveLength(1);
    expect(found.incomplete).toEqual([expect.stringContaining('its parts overlap')]);
  });
});
