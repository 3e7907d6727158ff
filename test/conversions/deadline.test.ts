import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConversionHandler } from '../../src/conversions/conversion-handler.js';
import { conversionRequest } from '../../src/conversions/conversion-request.js';
import { JobChild } from '../../src/conversions/job-child.js';
import { writeDevelopmentBlobs } from '../../src/demo/development-blobs.js';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { Job } from '../../src/jobs/job.entity.js';
import { OwnNames } from '../../src/lib/own-names.js';
import { Store } from '../../src/oci/store.js';
import { temporaryFolder } from '../support/folders.js';

describe('a conversion that takes longer than it may', () => {
  it('is stopped, says so, and leaves nothing behind', async () => {
    const folder = temporaryFolder();
    const [storeDir, spoolDir, blobsDir] = ['store', 'spool', 'blobs'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await writeDevelopmentBlobs(blobsDir);
    const store = new Store(storeDir);
    await writeSampleImage(store.repository('account', 'acme/hello'), '1', 4);
    const settings = {
      storeDir,
      spoolDir,
      blobsDir,
      cacheDir: join(folder, 'layers'),
      cacheBytes: 0,
      upstream: { allow: [] },
      environment: { PATH: process.env.PATH },
      timeoutMs: 1,
    };
    const handler = new ConversionHandler(new JobChild(settings, store), { names: new OwnNames('localhost') } as never);
    const input = conversionRequest(
      { inputImage: { name: 'localhost/acme/hello:1' } },
      { names: new OwnNames('localhost'), canSign: false },
    );
    const job = Object.assign(new Job(), { accountId: 'account', id: '0'.repeat(24), attempt: 1, input });
    const reports = { progress: () => undefined, warn: () => undefined, log: () => undefined, note: () => undefined };
    const run = handler.run(job, {}, reports, new AbortController().signal);
    await expect(run).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(existsSync(join(spoolDir, `${job.id}-1`))).toBe(false);
  });
});
