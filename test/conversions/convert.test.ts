import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Architecture } from '../../src/builds/build-parts.js';
import { conversionRequest } from '../../src/conversions/conversion-request.js';
import { convert } from '../../src/conversions/convert.js';
import type { ConversionReports } from '../../src/conversions/conversion-place.js';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { JobStep } from '../../src/events/job-step.js';
import { OwnNames } from '../../src/lib/own-names.js';
import type { ImageRepository } from '../../src/oci/image-repository.js';
import { Store } from '../../src/oci/store.js';
import { writeBlobs } from '../support/blob-folder.js';
import { temporaryFolder } from '../support/folders.js';

const root = temporaryFolder();
const silent: ConversionReports = { progress: () => {}, warn: () => {}, log: () => {}, bootBlobs: () => {} };

/** Converts the sample image; `onFile` is told the mode of the output layer's file. */
async function convertSample(
  run: string,
  reports: Partial<ConversionReports>,
  { signal = new AbortController().signal, onFile = (_mode: number): void => {} } = {},
) {
  const store = new Store(join(root, run));
  const input = store.repository('account', 'in');
  await writeSampleImage(input, '1', 4);
  const output = store.repository('account', 'out');
  const watched = Object.assign(Object.create(output) as ImageRepository, {
    writeBlob: (...[blob, content, ...rest]: Parameters<ImageRepository['writeBlob']>) => {
      if (!Buffer.isBuffer(content)) onFile(statSync(content.file).mode & 0o777);
      return output.writeBlob(blob, content, ...rest);
    },
  });
  const spoolDir = join(root, `${run}-spool`);
  mkdirSync(spoolDir);
  const layerFile = join(spoolDir, 'output.tar');
  const place = { input, output: watched, blobsDir: join(root, 'blobs'), spoolDir, layerFile, toolVersion: '1' };
  const images = { inputImage: { name: 'localhost/in:1' }, outputImage: { name: 'localhost/out:1' } };
  const options = { architecture: Architecture.AMD64, converterOptions: {} };
  const request = conversionRequest({ ...images, ...options }, { names: new OwnNames('localhost'), canSign: false });
  return convert(
    { ...request, names: { input: 'localhost/in:1', output: 'localhost/out:1' } },
    place,
    { ...silent, ...reports },
    signal,
  );
}

beforeAll(() => writeBlobs(join(root, 'blobs')));

describe('convert', () => {
  it('reports its steps in their order, each once, and keeps the output to itself', async () => {
    const steps: string[] = [];
    const modes: number[] = [];
    const progress: ConversionReports['progress'] = ({ step }) => {
      if (steps.at(-1) !== step) steps.push(step);
    };
    await convertSample('steps', { progress }, { onFile: (mode) => modes.push(mode) });
    expect(steps).toEqual(['PULLING', 'FLATTENING', 'BUILDING', 'MEASURING', 'PUSHING', 'REGISTERING']);
    expect(modes).toEqual([0o600]);
  });

  it.each([JobStep.PULLING, JobStep.FLATTENING, JobStep.BUILDING])(
    'stops in the step %s when it is told to',
    async (step) => {
      const stop = new AbortController();
      const progress: ConversionReports['progress'] = (now) => {
        if (now.step === step) stop.abort(new Error('stop'));
      };
      await expect(convertSample(step, { progress }, stop)).rejects.toThrow('stop');
    },
  );
});
