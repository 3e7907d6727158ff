import { importImage } from '../../src/conversions/import-image.js';
import type { ConversionReports } from '../../src/conversions/conversion-place.js';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { Store } from '../../src/oci/store.js';
import { temporaryFolder } from '../support/folders.js';

const QUIET = { progress: () => {}, warn: () => {}, log: () => {}, note: () => {} } as unknown as ConversionReports;
const { signal } = new AbortController();

describe('an import', () => {
  it('brings no more than the account may keep, and only what is missing counts', async () => {
    const storeDir = temporaryFolder();
    const store = new Store(storeDir, { quotaBytes: 6 * 2 ** 20 });
    const input = new Store(temporaryFolder()).repository('theirs', 'acme/hello');
    await writeSampleImage(input, '1', 1);
    const output = store.repository('ours', 'cycle/hello');
    const into = (tag: string, roomBytes: number | undefined) => {
      const place = { input, output, storeDir, temporaryFile: () => store.temporaryFile(), roomBytes };
      return importImage({ from: { repository: 'acme/hello', tagOrDigest: '1' }, tag }, place, QUIET, signal);
    };
    await expect(into('a', 2 ** 20)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await output.folder.digestOf('a')).toBeUndefined();
    expect(await store.usedBytes('ours')).toBe(0);
    const { manifestDigest } = await into('a', await store.roomBytes('ours'));
    expect(await store.roomBytes('ours')).toBeLessThan(2 * 2 ** 20);
    await into('b', 0);
    expect(await output.folder.digestOf('b')).toBe(manifestDigest);
  });
});
