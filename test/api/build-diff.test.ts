import { once } from 'node:events';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { finished, startConversion, startConvertingGateway, storeSampleImage } from '../support/conversions.js';
import { startRegistry } from '../support/registry.js';
import { describeWith } from '../support/requirements.js';

const DIFF = 'query ($id: ID!) { buildDiff(a: $id, b: $id) { eif { identical } } }';

describeWith(['docker-registry'], 'a gateway that compares builds', () => {
  it('stops at once, though a registry does not answer', async () => {
    const registry = await startRegistry();
    const gateway = await startConvertingGateway({ UPSTREAM_ALLOW: '127.0.0.1' });
    try {
      const inputImage = { name: await storeSampleImage(gateway, 'acme/app') };
      const outputImage = { name: `${registry.host}/acme/out:1` };
      const job = await finished(gateway, await startConversion(gateway, { inputImage, outputImage }));
      const spool = watch(join(gateway.dataDir, 'spool'));
      registry.pause();
      // A connection that is kept would be waited for.
      const headers = { authorization: `Bearer ${gateway.token}`, connection: 'close' };
      const answer = gateway.send(DIFF, { id: job.build!.id }, headers);
      await once(spool, 'change');
      spool.close();
      await gateway.close();
      const { extensions, message } = (await answer).body.errors[0];
      expect([extensions.code, message]).toEqual(['INTERNAL_SERVER_ERROR', 'The gateway stops: ask again.']);
    } finally {
      await gateway.close();
      await registry.stop();
    }
  });
});
