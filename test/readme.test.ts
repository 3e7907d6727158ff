// The README's commands, run as they stand: every block marked `sh`, one after the other in one shell.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSchema, parse, validate } from 'graphql';
import { readConfig } from '../src/config.js';
import { writeDevelopmentBlobs } from '../src/demo/development-blobs.js';
import { packageRoot } from '../src/lib/package-root.js';
import { temporaryFolder } from './support/folders.js';
import { startTestGateway } from './support/gateway.js';
import { REGISTRY_USER, startRegistry } from './support/registry.js';
import { describeWith } from './support/requirements.js';
import { buildCornerCaseImage, pushImage } from './support/umoci-image.js';

const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');

describeWith(['bash', 'curl', 'tar', 'openssl', 'docker-registry', 'skopeo', 'umoci'], "the README's commands", () => {
  it('work in the order they stand in', async () => {
    const folder = temporaryFolder();
    const registry = await startRegistry({ auth: 'password' });
    const blobs = join(folder, 'blobs');
    await writeDevelopmentBlobs(blobs);
    const gateway = await startTestGateway({ NITRO_BLOBS_DIR: blobs, UPSTREAM_ALLOW: registry.host });
    try {
      await pushImage(await buildCornerCaseImage(temporaryFolder()), `${registry.host}/acme/hello:1`, REGISTRY_USER);
      mkdirSync(join(folder, 'data'));
      writeFileSync(join(folder, 'data', 'admin.token'), `${gateway.token}\n`);
      const blocks = [...readme.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) => block!);
      expect(blocks.length).toBeGreaterThanOrEqual(8);
      // npm and npx are called in the folder of the package.
      const inPackage = (name: string) =>
        `${name}() { (cd '${packageRoot}' && DATA_DIR='${gateway.dataDir}' command ${name} "$@"); }\n`;
      const script =
        inPackage('npm') + inPackage('npx') + blocks.join('\n').replace('http://localhost:4000', gateway.url);
      const { username, password } = REGISTRY_USER;
      const env = {
        ...{ PATH: process.env.PATH, HOME: folder, NODE_PATH: join(packageRoot, 'node_modules') },
        ...{ REGISTRY: registry.host, REGISTRY_USER: username, REGISTRY_PASSWORD: password },
      };
      const { stdout } = await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
        cwd: folder,
        env,
      });
      expect(stdout).not.toMatch(/"errors"|"userErrors":\[\{/);
      expect(stdout).toMatch(/"status":"SUCCEEDED"/);
      expect(stdout).toMatch(/live$/m);
      expect(
        readFileSync(join(folder, 'enclave', 'enclave.eif'))
          .subarray(0, 4)
          .toString(),
      ).toBe('.eif');
    } finally {
      await Promise.all([gateway.close(), registry.stop()]);
    }
  });
});

describe("the README's GraphQL", () => {
  it('is such that the schema knows it', () => {
    const schema = buildSchema(readFileSync(join(packageRoot, 'schema', 'schema.graphql'), 'utf8'));
    const blocks = [...readme.matchAll(/^```graphql\n([^]*?)^```$/gm)].map(([, block]) => block!);
    expect(blocks.flatMap((block) => validate(schema, parse(block)))).toEqual([]);
  });
});

describe("the README's table of configuration", () => {
  it('names every variable that is read, and no other', () => {
    const asked: string[] = [];
    readConfig(new Proxy({}, { get: (_target, name) => void asked.push(String(name).toUpperCase()) }));
    const table = [...readme.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, name]) => name);
    expect([...table].sort()).toEqual([...new Set(asked)].filter((name) => name !== 'PATH').sort());
  });
});
