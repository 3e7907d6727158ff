import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dockerCredentials } from '../../src/cli/docker-credentials.js';
import { temporaryFolder } from '../support/folders.js';

const folder = temporaryFolder();
const base64 = (text: string) => Buffer.from(text).toString('base64');
const auth = (text: string) => ({ auth: base64(text) });

function write(name: string, content: object | string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe("docker's file of logins", () => {
  const config = {
    auths: {
      'https://index.docker.io/v1/': auth('hub:one'),
      'Registry.example:5000': auth('whole:tw:o'),
      'registry.example:5000/team': auth('team:three'),
      'registry.example:5000/team/app': auth('app:four'),
      'https://url.example/v2/': auth('url:five'),
      'token.example': { ...auth('00000000:'), identitytoken: 'refresh' },
      'plain.example': { username: 'plain', password: 'six' },
      'empty.example': {},
      'odd.example': { auth: 7 },
      'no.example': auth('no colon'),
    },
  };
  const DOCKER_CONFIG = dirname(write('docker/config.json', config));
  const find = async (host: string, repository?: string) => {
    const found = await dockerCredentials(host, repository, { DOCKER_CONFIG });
    return found && `${found.username}:${found.password}${found.identityToken ? `:${found.identityToken}` : ''}`;
  };

  it.each([
    ['docker.io', 'library/alpine', 'hub:one'],
    ['registry.example:5000', undefined, 'whole:tw:o'],
    ['registry.example:5000', 'other', 'whole:tw:o'],
    ['registry.example:5000', 'teams/app', 'whole:tw:o'],
    ['registry.example:5000', 'team/other', 'team:three'],
    ['registry.example:5000', 'team/app/deep', 'app:four'],
    ['url.example', 'any', 'url:five'],
    ['token.example', 'any', '00000000::refresh'],
    ['plain.example', 'any', 'plain:six'],
    ['empty.example', 'any', undefined],
    ['odd.example', 'any', undefined],
    ['no.example', 'any', undefined],
    ['registry.example', 'team/app', undefined],
    ['__proto__', undefined, undefined],
  ])('has for %s and the repository %s: %s', async (host, repository, expected) =>
    expect(await find(host, repository)).toBe(expected),
  );

  it('comes after those of podman and skopeo, and is found at home', async () => {
    const home = { HOME: join(folder, 'home'), XDG_RUNTIME_DIR: join(folder, 'run') };
    expect(await dockerCredentials('a.example', 'b', home)).toBeUndefined();
    write('home/.docker/config.json', { auths: { 'a.example': auth('docker:1'), 'b.example': auth('docker:2') } });
    write('run/containers/auth.json', { auths: { 'a.example/x': auth('podman:3') } });
    const nameAt = async (host: string, environment: Record<string, string>) =>
      (await dockerCredentials(host, 'x', environment))?.username;
    expect(await nameAt('a.example', home)).toBe('podman');
    expect(await nameAt('b.example', home)).toBe('docker');
    const REGISTRY_AUTH_FILE = write('own.json', { auths: { 'a.example': auth('own:4') } });
    expect(await nameAt('a.example', { ...home, REGISTRY_AUTH_FILE })).toBe('own');
    expect(await nameAt('b.example', { ...home, REGISTRY_AUTH_FILE })).toBeUndefined();
    expect(await dockerCredentials('a.example', 'x', {})).toBeUndefined();
  });

  it('is named where it is broken, without what it holds', async () => {
    const REGISTRY_AUTH_FILE = write('broken.json', '{"auths": hunter2');
    await expect(dockerCredentials('a', undefined, { REGISTRY_AUTH_FILE })).rejects.toThrow(
      /^((?!hunter2).)*broken\.json/,
    );
    await expect(dockerCredentials('a', undefined, { REGISTRY_AUTH_FILE: folder })).rejects.toThrow('EISDIR');
  });
});

describe('a credential helper', () => {
  const bin = join(folder, 'bin');
  const PATH = `${bin}:/usr/bin:/bin`;
  const helper = (name: string, script: string) =>
    chmodSync(write(`bin/docker-credential-${name}`, `#!/bin/sh\nread server\n${script}\n`), 0o755);
  const find = (host: string, config: object) =>
    dockerCredentials(host, 'a', { PATH, REGISTRY_AUTH_FILE: write('helpers.json', config) });

  beforeAll(() => {
    helper('store', 'echo "{\\"ServerURL\\":\\"x\\",\\"Username\\":\\"$server\\",\\"Secret\\":\\"s3cret\\"}"');
    helper('token', 'echo \'{"Username":"<token>","Secret":"refresh"}\'');
    helper('none', "echo 'credentials not found in native keychain'; exit 1");
    helper('broken', 'echo s3cret; exit 7');
    helper('chatty', 'head -c 100000 /dev/zero');
  });

  it('is asked for the registry, that of the host before the one for all', async () => {
    const config = { credsStore: 'store', credHelpers: { 'gcr.example': 'token' } };
    expect(await find('gcr.example', config)).toMatchObject({ identityToken: 'refresh' });
    expect(await find('a.example', config)).toEqual({ username: 'a.example', password: 's3cret' });
    expect((await find('docker.io', config))?.username).toBe('https://index.docker.io/v1/');
  });

  it('that knows no login leaves it to the file', async () => {
    expect(await find('a.example', { credsStore: 'none' })).toBeUndefined();
    const both = { credsStore: 'none', auths: { 'a.example': auth('file:1') } };
    expect((await find('a.example', both))?.username).toBe('file');
  });

  it.each([
    ['broken', /docker-credential-broken gave no login for a\.example \(7\)/],
    ['missing', /docker-credential-missing .*ENOENT/],
    ['chatty', /docker-credential-chatty .*MAXBUFFER/],
    ['../store', /no name of a credential helper/],
    ['-x', /no name of a credential helper/],
  ])('%j that fails is named, without what it wrote', async (name, message) => {
    const failure = await find('a.example', { credsStore: name }).catch((error: Error) => error);
    expect((failure as Error).message).toMatch(message);
    expect((failure as Error).message).not.toContain('s3cret');
  });
});
