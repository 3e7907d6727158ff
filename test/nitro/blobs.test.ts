import { join } from 'node:path';
import { JobFailureCode } from '../../src/lib/job-failure.js';
import { findMissingBlobs, loadBlobs } from '../../src/nitro/blobs.js';
import { bzImage, writeBlobs } from '../support/blob-folder.js';
import { temporaryFolder } from '../support/folders.js';
import { sha256 } from '../support/tar-builder.js';

const folder = temporaryFolder();
let folders = 0;
const fresh = () => join(folder, String(++folders));

describe('boot blobs', () => {
  it("are read from nitro-cli's flat folder, with the digest of each file", async () => {
    const blobs = await loadBlobs(writeBlobs(fresh()), 'amd64');
    expect(blobs.cmdline.toString()).toBe('reboot=k panic=30 console=ttyS0');
    expect(blobs).toMatchObject({ operatingSystem: 'Linux', kernelVersion: '4.14.256', bootable: true });
    expect(blobs.files.map((file) => file.name)).toEqual(['bzImage', 'bzImage.config', 'cmdline', 'init', 'nsm.ko']);
    const { length } = bzImage();
    expect(blobs.files[0]).toEqual({ name: 'bzImage', sha256: sha256(bzImage()).slice(7), sizeBytes: length });
  });

  it('are read from a folder of their architecture where there is one', async () => {
    const place = fresh();
    writeBlobs(join(place, 'x86_64'), { cmdline: 'x86' });
    const kernel = Buffer.alloc(100);
    kernel.write('ARM\x64', 56, 'latin1');
    const config = '#\n#\n# Linux/arm64 6.6.38 Kernel Configuration\n';
    writeBlobs(join(place, 'aarch64'), { Image: kernel, 'Image.config': config, cmdline: 'arm', 'nsm.ko': undefined });
    expect((await loadBlobs(place, 'amd64')).cmdline.toString()).toBe('x86');
    const arm = await loadBlobs(place, 'arm64');
    expect(arm).toMatchObject({ kernelVersion: '6.6.38', bootable: true, nsm: undefined });
    expect(arm.cmdline.toString()).toBe('arm');
  });

  it('say that a kernel does not look like one', async () => {
    expect(await loadBlobs(writeBlobs(fresh(), { bzImage: 'any bytes' }), 'amd64')).toMatchObject({ bootable: false });
  });

  it('are missed before and at the start of a job, with what to install', async () => {
    const place = writeBlobs(fresh(), { init: undefined, 'nsm.ko': undefined });
    expect(await findMissingBlobs(place, 'amd64')).toEqual([join(place, 'init')]);
    expect(await findMissingBlobs(place, 'arm64')).toHaveLength(3);
    expect(await findMissingBlobs(fresh(), 'amd64')).toHaveLength(4);
    await expect(loadBlobs(place, 'amd64')).rejects.toMatchObject({
      code: JobFailureCode.BLOBS_MISSING,
      message: expect.stringContaining('init'),
      hint: expect.stringMatching(
        /aws-nitro-enclaves-cli-devel.*\/usr\/share\/nitro_enclaves\/blobs.*NITRO_BLOBS_DIR/s,
      ),
    });
  });

  it('are refused where they are empty or the command line has two lines', async () => {
    const code = JobFailureCode.BLOBS_MISSING;
    await expect(loadBlobs(writeBlobs(fresh(), { init: '' }), 'amd64')).rejects.toMatchObject({ code });
    await expect(loadBlobs(writeBlobs(fresh(), { cmdline: 'a\nb' }), 'amd64')).rejects.toMatchObject({ code });
  });
});
