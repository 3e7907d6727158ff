import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EifFileOutput } from '../../src/cli/eif-file-output.js';
import { layerPrefix, layerSuffix } from '../../src/nitro/output-image.js';
import { OCI_LAYER } from '../../src/oci/media-types.js';
import { descriptorOf } from '../support/documents.js';
import { temporaryFolder } from '../support/folders.js';
import { sha256 } from '../support/tar-builder.js';

const parent = temporaryFolder();
const eif = Buffer.alloc(9_000_001, 'eif');
const layer = Buffer.concat([layerPrefix(eif.length), eif, layerSuffix(eif.length)]);
const layerFile = join(parent, 'layer.tar');
writeFileSync(layerFile, layer);
const blob = descriptorOf(OCI_LAYER, layer);
let folder: string;
beforeEach(() => mkdirSync((folder = join(parent, `out-${readdirSync(parent).length}`))));

const { signal } = new AbortController();

describe('an EIF in a file', () => {
  it('is cut out of the layer, and has its name only when all is done', async () => {
    const output = await EifFileOutput.prepare(join(folder, 'x.eif'));
    let bytes = 0;
    await output.writeBlob(blob, { file: layerFile }, signal, (more) => (bytes += more));
    expect(readdirSync(folder)).not.toContain('x.eif');
    expect(await output.commit()).toEqual({ sizeBytes: eif.length, sha256: sha256(eif).slice('sha256:'.length) });
    await output.discard();
    expect(readFileSync(join(folder, 'x.eif')).equals(eif)).toBe(true);
    expect(readdirSync(folder)).toEqual(['x.eif']);
    expect(bytes).toBe(eif.length);
  });

  it('leaves the file of before untouched where it is given up half-way', async () => {
    writeFileSync(join(folder, 'x.eif'), 'before');
    const output = await EifFileOutput.prepare(join(folder, 'x.eif'));
    const stop = new AbortController();
    const writing = output.writeBlob(blob, { file: layerFile }, stop.signal, () => stop.abort(new Error('stop')));
    await expect(writing).rejects.toThrow('stop');
    await output.discard();
    expect(readdirSync(folder)).toEqual(['x.eif']);
    expect(readFileSync(join(folder, 'x.eif'), 'utf8')).toBe('before');
  });

  it('follows a link that is there, and replaces no folder and no device', async () => {
    writeFileSync(join(folder, 'real.eif'), 'before');
    symlinkSync('real.eif', join(folder, 'link.eif'));
    const output = await EifFileOutput.prepare(join(folder, 'link.eif'));
    await output.writeBlob(blob, { file: layerFile }, signal);
    await output.commit();
    expect(readFileSync(join(folder, 'real.eif')).equals(eif)).toBe(true);
    symlinkSync('nowhere', join(folder, 'dangling.eif'));
    await expect(EifFileOutput.prepare(join(folder, 'dangling.eif'))).rejects.toThrow('leads nowhere');
    for (const path of [folder, '/dev/null']) await expect(EifFileOutput.prepare(path)).rejects.toThrow('is no file');
    await expect(EifFileOutput.prepare(join(folder, 'none', 'x.eif'))).rejects.toThrow('no folder');
  });
});
