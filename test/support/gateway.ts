// Whole gateways for tests: in this process, on a folder of their own and any free port.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { createLogger } from '../../src/lib/logger.js';
import { connect } from './graphql-client.js';
import type { GraphqlClient } from './graphql-client.js';
import { temporaryFolder } from './folders.js';

export interface TestGateway extends GraphqlClient {
  url: string;
  token: string;
  dataDir: string;
  close(): Promise<void>;
}

/** @param environment what differs from a gateway on SQLite without boot blobs */
export async function startTestGateway(environment: Record<string, string> = {}): Promise<TestGateway> {
  const dataDir = environment.DATA_DIR ?? temporaryFolder();
  const defaults = {
    PORT: '0',
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
    NITRO_BLOBS_DIR: join(dataDir, 'no-blobs'),
  };
  const config = readConfig({ PATH: process.env.PATH, ...defaults, ...environment, DATA_DIR: dataDir });
  const gateway = await startGateway(config, createLogger(config.logLevel));
  const token = readFileSync(join(dataDir, 'admin.token'), 'utf8').trim();
  const client = connect(gateway.url, token);
  return {
    ...client,
    url: gateway.url,
    token,
    dataDir,
    async close() {
      await client.dispose();
      await gateway.close();
    },
  };
}
