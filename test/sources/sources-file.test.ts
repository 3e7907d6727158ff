// Sources of SOURCES_FILE: read at the start, with secrets from elsewhere, and not to be changed but there.
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../src/config.js';
import { everythingIn } from '../support/everything.js';
import { temporaryFolder } from '../support/folders.js';
import { startTestGateway } from '../support/gateway.js';
import { startHttpFake } from '../support/http-fake.js';
import { ask, sync } from '../support/importing.js';

const folder = temporaryFolder();
const file = join(folder, 'sources.yaml');
const secretFile = join(folder, 'secret');
const write = (text: string) => writeFileSync(file, text);
const read = (environment: Record<string, string> = {}) => readConfig({ SOURCES_FILE: file, ...environment }).sources;

const CREDENTIALS = 'credentials: { token: x }';

describe('SOURCES_FILE', () => {
  it('gives secrets as they are, by the name of a variable, or of a file', () => {
    writeFileSync(secretFile, 'from a file\n');
    write(`
sources:
  - kind: CCM
    name: one
    credentials: { username: me@example.com, password: { env: MY_PASSWORD } }
    syncEverySeconds: 300
    writeBack: true
  - kind: CYCLE
    name: two
    account: 0123456789abcdef01234567
    endpoint: https://cycle.example.com
    credentials: { token: { file: ${secretFile} }, hubId: 0123456789abcdef01234567 }
`);
    expect(read({ MY_PASSWORD: 'from the environment' })).toMatchObject([
      { name: 'one', syncEverySeconds: 300, isWriteBack: true, credentials: { password: 'from the environment' } },
      { name: 'two', endpoint: 'https://cycle.example.com', credentials: { token: 'from a file' } },
    ]);
    expect(readConfig({}).sources).toEqual([]);
  });

  it.each([
    ['sources: 7', /sources must be a list/],
    ['- 7', /sources\[0\] must be an object/],
    [
      `- { kind: CCM, name: a, ${CREDENTIALS} }\n- { kind: SAP, name: b, ${CREDENTIALS} }`,
      /sources\[1\]\.kind must be one of/,
    ],
    [`- { kind: CCM, ${CREDENTIALS} }`, /sources\[0\]\.name is missing/],
    [`- { kind: CCM, name: a, ${CREDENTIALS}, syncEverySeconds: 5 }`, /sources\[0\]\.syncEverySeconds must be/],
    [`- { kind: CCM, name: a, ${CREDENTIALS}, color: red }`, /sources\[0\]\.color is not known/],
    ['- { kind: CCM, name: a }', /sources\[0\]\.credentials must be an object/],
    [
      '- { kind: CCM, name: a, credentials: { token: { env: NOT_SET } } }',
      /credentials\.token names the variable NOT_SET/,
    ],
    [
      '- { kind: CCM, name: a, credentials: { token: { file: /nowhere } } }',
      /credentials\.token names a file .*ENOENT/,
    ],
    ['- { kind: CCM, name: a, credentials: { pin: x } }', /credentials\.pin is not known/],
    [
      `- { kind: CCM, name: a, ${CREDENTIALS} }\n- { kind: CCM, name: a, ${CREDENTIALS} }`,
      /sources\[1\]\.name is used twice/,
    ],
    ['- { kind: CCM, name: "s3cret', /line \d+ of .* is no YAML$/],
  ])('that can not be right stops the start and names the place: %s', (text, problem) => {
    write(text);
    expect(() => read()).toThrow(problem);
    expect(() => read()).not.toThrow(/s3cret/);
  });

  it('makes sources at the start, which only it changes', async () => {
    const fake = await startHttpFake((_request, response) => void response.end('{"items":[]}'));
    const dataDir = temporaryFolder();
    const start = () => startTestGateway({ DATA_DIR: dataDir, SOURCES_FILE: file, UPSTREAM_ALLOW: fake.host });
    write(`- { kind: CCM, name: a, endpoint: "${fake.url}", credentials: { token: t0p-secret }, writeBack: true }`);
    let gateway = await start();
    const FIELDS = 'id name isFromFile isWriteBack syncEverySeconds endpoint';
    const [source] = await ask(gateway, `{ sources { ${FIELDS} } }`);
    expect(source).toMatchObject({ name: 'a', isFromFile: true, isWriteBack: true, syncEverySeconds: null });
    const input = `input: { sourceId: "${source.id}" }`;
    await expect(ask(gateway, `mutation { deleteSource(${input}) { userErrors { code message } } }`)).rejects.toThrow(
      /CONFLICT.*SOURCES_FILE/,
    );
    await expect(ask(gateway, `mutation { updateSource(${input}) { userErrors { code message } } }`)).rejects.toThrow(
      /CONFLICT.*SOURCES_FILE/,
    );
    expect((await sync(gateway, source.id)).failure).toBeNull();
    await gateway.close();

    write(
      `- { kind: CCM, name: a, endpoint: "${fake.url}", credentials: { token: t0p-secret }, syncEverySeconds: 3600 }`,
    );
    gateway = await start();
    expect(await ask(gateway, `{ sources { ${FIELDS} } }`)).toEqual([
      { ...source, isWriteBack: false, syncEverySeconds: 3600 },
    ]);
    await gateway.close();

    write('sources: []');
    gateway = await start();
    expect(await ask(gateway, `{ sources { ${FIELDS} } }`)).toEqual([
      { ...source, isWriteBack: false, isFromFile: false, syncEverySeconds: null },
    ]);
    await gateway.close();
    expect(await everythingIn(join(dataDir, 'catalog.sqlite'))).not.toContain('t0p-secret');

    write('- { kind: IMAGE_BUILDER, name: b, credentials: { accessKeyId: a, secretAccessKey: b } }');
    await expect(start()).rejects.toThrow(/SOURCES_FILE: sources\[0\]\.region/);
    write(`- { kind: CCM, name: b, account: 0123456789abcdef01234567, ${CREDENTIALS} }`);
    await expect(start()).rejects.toThrow(/sources\[0\]\.account: there is no account/);
    await fake.close();
  }, 30_000);
});
