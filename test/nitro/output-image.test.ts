import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeLayer, layerPrefix, layerSuffix, outputImage } from '../../src/nitro/output-image.js';
import { TarReader } from '../../src/oci/tar.js';
import type { TarEntry } from '../../src/oci/tar.js';
import { temporaryFolder } from '../support/folders.js';
import { describeWith } from '../support/requirements.js';
import { sha256 } from '../support/tar-builder.js';

const folder = temporaryFolder();
const measurements = { pcr0: 'a'.repeat(96), pcr1: 'b'.repeat(96), pcr2: 'c'.repeat(96) };
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${'1'.repeat(64)}`, size: 9 };
const described = { descriptor: layer, eifSha256: '2'.repeat(64) };

function layerOf(eif: Buffer): Buffer {
  return Buffer.concat([layerPrefix(eif.length), eif, layerSuffix(eif.length)]);
}

describe('the layer of an output image', () => {
  it.each([0, 1, 512, 513])('is a tar archive around %i bytes', (bytes) => {
    const eif = Buffer.alloc(bytes, 'E');
    const archive = layerOf(eif);
    const entries: TarEntry[] = [];
    const reader = new TarReader((entry) => entries.push(entry));
    reader.write(archive);
    reader.end();
    const fixed = { uid: 0, gid: 0, mtime: 0 };
    expect(entries).toMatchObject([
      { ...fixed, path: 'enclave/', type: 'directory', mode: 0o755 },
      { ...fixed, path: 'enclave/enclave.eif', type: 'file', mode: 0o644, size: bytes, offset: 1024 },
    ]);
    expect(archive.length % 512).toBe(0);
  });

  it('holds an EIF of more than 8 GiB', () => {
    const sizes: number[] = [];
    const reader = new TarReader((entry) => sizes.push(entry.size));
    reader.write(layerPrefix(2 ** 33 + 5));
    expect(sizes).toEqual([0, 2 ** 33 + 5]);
  });

  it('is described by the digest and size of its file, and by the digest of the EIF in it', async () => {
    const eif = randomBytes(5_000_000);
    const archive = layerOf(eif);
    const file = join(folder, 'layer.tar');
    writeFileSync(file, archive);
    let bytes = 0;
    const described = await describeLayer(file, eif.length, new AbortController().signal, (more) => (bytes += more));
    expect(described).toEqual({
      descriptor: { mediaType: layer.mediaType, digest: sha256(archive), size: archive.length },
      eifSha256: sha256(eif).slice('sha256:'.length),
    });
    expect(bytes).toBe(archive.length);
  });
});

describeWith(['tar'], 'GNU tar', () => {
  it('unpacks the layer', () => {
    const file = join(folder, 'gnu.tar');
    writeFileSync(file, layerOf(Buffer.from('the eif')));
    expect(execFileSync('tar', ['-xOf', file, 'enclave/enclave.eif'], { encoding: 'utf8' })).toBe('the eif');
  });
});

describe('an output image', () => {
  it('says its measurements in sorted annotations and describes its config and layer', () => {
    const image = outputImage(described, 'arm64', measurements);
    const manifest = JSON.parse(image.manifest.bytes.toString()) as { annotations: object };
    expect(manifest).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: image.config.descriptor,
      layers: [layer],
      annotations: {
        'nitro-enclave.eif.sha256': described.eifSha256,
        'nitro-enclave.pcr0': measurements.pcr0,
        'nitro-enclave.pcr1': measurements.pcr1,
        'nitro-enclave.pcr2': measurements.pcr2,
      },
    });
    expect(Object.keys(manifest.annotations)).toEqual(Object.keys(manifest.annotations).sort());
    expect(image.manifest.digest).toBe(sha256(image.manifest.bytes));
    expect(image.config.descriptor).toMatchObject({
      digest: sha256(image.config.bytes),
      size: image.config.bytes.length,
    });
    expect(JSON.parse(image.config.bytes.toString())).toMatchObject({
      architecture: 'arm64',
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    });
  });

  it('says the register of the certificate where it was signed', () => {
    const signed = outputImage(described, 'amd64', { ...measurements, pcr8: 'd'.repeat(96) });
    const { annotations } = JSON.parse(signed.manifest.bytes.toString()) as { annotations: object };
    expect(annotations).toMatchObject({ 'nitro-enclave.pcr8': 'd'.repeat(96) });
  });

  it('has the same bytes each time', () => {
    expect(outputImage(described, 'amd64', measurements)).toEqual(outputImage(described, 'amd64', measurements));
  });
});
