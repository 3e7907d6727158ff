// `npm run demo`: a gateway on SQLite with a small catalog, and one conversion through the public API, shown live.
// It works in a folder of its own, so that a second run works and nothing of yours is touched.
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from '../app.js';
import type { Gateway } from '../app.js';
import { readConfig } from '../config.js';
import { createLogger } from '../lib/logger.js';
import { packageRoot } from '../lib/package-root.js';
import { Store } from '../oci/store.js';
import { addCatalog } from './catalog.js';
import { writeDevelopmentBlobs } from './development-blobs.js';
import { PublicApi } from './public-api.js';
import { writeSampleImage } from './sample-image.js';
import { showConversion } from './show-conversion.js';
import type { Converted } from './show-conversion.js';

const SAMPLE = 'demo/hello';
const SAMPLE_MIB = 32;

const say = (text: string) => process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const dataDir = process.env.DEMO_DATA_DIR ?? join(packageRoot, 'data', 'demo');
  const blobsDir = join(dataDir, 'development-blobs');
  const { HOST, PORT } = process.env;
  const settings = {
    HOST,
    PORT,
    PATH: process.env.PATH,
    LOG_LEVEL: 'error',
    DATA_DIR: dataDir,
    NITRO_BLOBS_DIR: blobsDir,
  };
  await writeDevelopmentBlobs(blobsDir);
  const gateway = await startGateway(readConfig(settings), createLogger('error'));
  stopOnSignals(gateway);
  const token = readFileSync(gateway.adminTokenFile, 'utf8').trim();
  const api = new PublicApi(gateway.url, token);

  say(`The gateway is up at ${gateway.url}, its data in ${dataDir}\n`);
  const accountId = await addCatalog(api);
  say(`Making a docker image of ${SAMPLE_MIB} MiB and putting it into the store as ${SAMPLE}:1 ...`);
  const store = new Store(join(dataDir, 'store'));
  await writeSampleImage(store.repository(accountId, SAMPLE), '1', SAMPLE_MIB);

  const image = `${new URL(gateway.url).host}/${SAMPLE}:1`;
  say(`Converting ${image} to a Nitro Enclave image, as any client would:\n`);
  const made = await showConversion(api, image, process.stdout);
  process.stdout.write(whatNext(gateway, token, made));
}

function whatNext({ url, adminTokenFile }: Gateway, token: string, { jobId, buildId, image }: Converted): string {
  return `
Open it:       ${url}/graphiql#token=${token}
               (the token is behind '#', so it never leaves the browser but for this gateway)

Query it, or read a build as CCM does (both need curl, which may not be installed):
               curl -s ${url}/graphql -H "Authorization: Bearer $(cat ${adminTokenFile})" \\
                 -H 'Content-Type: application/json' -d '{"query":"{ builds { nodes { id appName status { status } } } }"}'
               curl -s ${url}/v1/builds/${buildId} -H "Authorization: Bearer $(cat ${adminTokenFile})"

Watch a job:   in the page above, in the tab "Watch", with the variables {"jobId": "${jobId}"}

Pull it:       skopeo copy --src-tls-verify=false --src-creds "token:$(cat ${adminTokenFile})" \\
                 docker://${image} dir:hello-eif
               (needs skopeo, which may not be installed; docker and crane pull it as well)

Stop it with Ctrl+C. Running \`npm run demo\` again goes on with the same data.
`;
}

function stopOnSignals(gateway: Gateway): void {
  const stop = () => {
    gateway.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`The demo could not run: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
