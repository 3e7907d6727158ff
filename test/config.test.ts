import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readConfig } from '../src/config.js';
import { temporaryFolder } from './support/folders.js';
import { startTestGateway } from './support/gateway.js';

const KEY = 'a1'.repeat(32);

describe('the configuration', () => {
  it('has a default for every variable', () => {
    expect(readConfig({})).toEqual({
      catalogLogDays: 0,
      catalogLogLines: 0,
      host: '127.0.0.1',
      port: 4000,
      publicUrl: undefined,
      dataDir: resolve('data'),
      databaseUrl: resolve('data/catalog.sqlite'),
      nitroBlobsDir: '/usr/share/nitro_enclaves/blobs',
      upstream: { allow: [] },
      secretsKey: undefined,
      previousSecretsKey: undefined,
      trustedProxies: [],
      isSignUpOpen: false,
      fourEyes: false,
      oidc: undefined,
      sources: [],
      uniqueMrenclave: true,
      logLevel: 'info',
      jobConcurrency: 2,
      jobTimeoutMinutes: 120,
      layerCacheMib: 10_240,
      signing: undefined,
      storeQuotaMib: 102_400,
      childEnvironment: { PATH: undefined, NODE_EXTRA_CA_CERTS: undefined },
    });
  });

  it('takes empty variables, and such of white space, for unset', () => {
    const names = ['HOST', 'PORT', 'PUBLIC_URL', 'DATA_DIR', 'DATABASE_URL', 'NITRO_BLOBS_DIR', 'UPSTREAM_ALLOW'];
    const proxies = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'UPSTREAM_CA_FILE'];
    const ours = [
      'SIGN_UP',
      'APPROVAL_FOUR_EYES',
      'UNIQUE_MRENCLAVE',
      'SECRETS_KEY_PREVIOUS',
      'OIDC_ISSUER',
      'SOURCES_FILE',
    ];
    const jobs = ['JOB_CONCURRENCY', 'JOB_TIMEOUT_MINUTES', 'LAYER_CACHE_MIB'];
    const signing = ['SIGNING_KEY_FILE', 'SIGNING_CERTIFICATE_FILE'];
    const all = [...names, ...ours, ...proxies, ...jobs, ...signing, 'SECRETS_KEY', 'LOG_LEVEL'];
    expect(readConfig(Object.fromEntries(all.map((name) => [name, ' '])))).toEqual(readConfig({}));
  });

  it('reads every variable', () => {
    const given = readConfig({
      HOST: '0.0.0.0',
      PORT: ' 0 ',
      PUBLIC_URL: 'https://Catalog.Example:8443/',
      DATA_DIR: '/srv/data',
      NITRO_BLOBS_DIR: '/srv/blobs',
      UPSTREAM_ALLOW: 'Registry.local:5000, 10.0.0.1,,[::1]:443',
      https_proxy: 'gateway:pw@proxy.local:3128',
      NO_PROXY: '.Internal,10.0.0.0/8',
      SECRETS_KEY: KEY.toUpperCase(),
      SECRETS_KEY_PREVIOUS: KEY,
      SIGN_UP: 'open',
      TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      APPROVAL_FOUR_EYES: 'on',
      UNIQUE_MRENCLAVE: 'off',
      LOG_LEVEL: 'debug',
      JOB_CONCURRENCY: '64',
      JOB_TIMEOUT_MINUTES: '1',
      LAYER_CACHE_MIB: '0',
      SIGNING_KEY_FILE: '/srv/key.pem',
      SIGNING_CERTIFICATE_FILE: '/srv/cert.pem',
      STORE_QUOTA_MIB: '0',
    });
    expect(given).toMatchObject({
      host: '0.0.0.0',
      port: 0,
      publicUrl: 'https://catalog.example:8443',
      databaseUrl: '/srv/data/catalog.sqlite',
      nitroBlobsDir: '/srv/blobs',
      upstream: {
        allow: ['registry.local:5000', '10.0.0.1', '[::1]:443'],
        proxy: { https: 'http://gateway:pw@proxy.local:3128/', no: ['.internal', '10.0.0.0/8'] },
      },
      secretsKey: Buffer.from(KEY, 'hex'),
      previousSecretsKey: Buffer.from(KEY, 'hex'),
      isSignUpOpen: true,
      trustedProxies: ['10.0.0.0/8', '::1'],
      fourEyes: true,
      uniqueMrenclave: false,
      logLevel: 'debug',
      jobConcurrency: 64,
      jobTimeoutMinutes: 1,
      layerCacheMib: 0,
      signing: { key: '/srv/key.pem', certificate: '/srv/cert.pem' },
      storeQuotaMib: 0,
    });
  });

  it.each([
    ['/srv/catalog.sqlite', '/srv/catalog.sqlite'],
    ['catalog.sqlite', resolve('catalog.sqlite')],
    ['sqlite:///srv/catalog.sqlite', '/srv/catalog.sqlite'],
    ['postgres://somebody:pw@db/catalog', 'postgres://somebody:pw@db/catalog'],
    ['postgresql://db/catalog', 'postgresql://db/catalog'],
  ])('takes %s for a database', (url, expected) =>
    expect(readConfig({ DATABASE_URL: url }).databaseUrl).toBe(expected),
  );

  it('takes the key for secrets as hex digits or base64', () => {
    const base64 = Buffer.alloc(48, 'key').toString('base64');
    expect(readConfig({ SECRETS_KEY: base64 }).secretsKey).toEqual(Buffer.alloc(48, 'key'));
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '4e3'],
    ['PORT', '80.5'],
    ['PORT', 'http'],
    ['PUBLIC_URL', 'catalog.example'],
    ['PUBLIC_URL', 'ftp://catalog.example'],
    ['PUBLIC_URL', 'http://catalog.example/path'],
    ['PUBLIC_URL', 'http://catalog.example/?query'],
    ['PUBLIC_URL', 'http://somebody@catalog.example'],
    ['DATABASE_URL', 'mysql://db/catalog'],
    ['UPSTREAM_ALLOW', 'http://registry.local'],
    ['UPSTREAM_ALLOW', 'good.local,bad host'],
    ['UPSTREAM_ALLOW', 'registry.local:70000'],
    ['UPSTREAM_ALLOW', 'registry.local:0'],
    ['UPSTREAM_ALLOW', '*.local'],
    ['HTTPS_PROXY', 'socks5://proxy.local'],
    ['HTTPS_PROXY', 'http://a:%zz@proxy.local'],
    ['HTTP_PROXY', 'http://proxy.local/path'],
    ['UPSTREAM_CA_FILE', '/nowhere.pem'],
    ['UPSTREAM_CA_FILE', __filename],
    ['SECRETS_KEY', 'too short'],
    ['SECRETS_KEY_PREVIOUS', 'too short'],
    ['SIGN_UP', 'maybe'],
    ['TRUSTED_PROXIES', 'proxy.local'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['APPROVAL_FOUR_EYES', 'true'],
    ['UNIQUE_MRENCLAVE', '1'],
    ['SECRETS_KEY', 'a sentence of words that nobody can guess, or can they?'],
    ['LOG_LEVEL', 'verbose'],
    ['JOB_CONCURRENCY', '0'],
    ['JOB_CONCURRENCY', '65'],
    ['JOB_TIMEOUT_MINUTES', '0'],
    ['LAYER_CACHE_MIB', '-1'],
    ['CATALOG_LOG_DAYS', '-1'],
    ['CATALOG_LOG_LINES', 'many'],
  ])('refuses %s=%s and names the variable', (name, value) =>
    expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`^${name} must`)),
  );

  it('wants the key and the certificate to sign with together', () => {
    expect(() => readConfig({ SIGNING_KEY_FILE: 'key.pem' })).toThrow(/^SIGNING_CERTIFICATE_FILE must/);
    expect(() => readConfig({ SIGNING_CERTIFICATE_FILE: 'cert.pem' })).toThrow(/^SIGNING_KEY_FILE must/);
  });

  it('never tells a password or a key in a message', () => {
    const messageOf = (environment: Record<string, string>) => {
      try {
        return JSON.stringify(readConfig(environment));
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(messageOf({ DATABASE_URL: 'mysql://somebody:hunter2@db/catalog' })).toMatch(/^DATABASE_URL((?!hunter2).)*$/);
    expect(messageOf({ HTTPS_PROXY: 'ftp://somebody:hunter2@proxy' })).toMatch(/^HTTPS_PROXY((?!hunter2).)*$/);
    expect(messageOf({ SECRETS_KEY: 'hunter2' })).toMatch(/^SECRETS_KEY((?!hunter2).)*$/);
  });

  it('can not be changed', () => {
    const config = readConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
  });

  it('hands child processes nothing that may be secret', () => {
    const secrets = { SECRETS_KEY: KEY, DATABASE_URL: 'postgres://somebody:pw@db/catalog', AWS_SECRET_ACCESS_KEY: 'x' };
    const { childEnvironment } = readConfig({ PATH: '/bin', NODE_EXTRA_CA_CERTS: '/ca.pem', ...secrets });
    expect(childEnvironment).toEqual({ PATH: '/bin', NODE_EXTRA_CA_CERTS: '/ca.pem' });
  });
});

describe('the key for secrets in the data folder', () => {
  it.each(['', 'not hex', 'ab'])('stops the start where the file holds %j', async (content) => {
    const dataDir = join(temporaryFolder(), 'data');
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'secrets.key'), content);
    await expect(startTestGateway({ DATA_DIR: dataDir })).rejects.toThrow(/secrets\.key must hold 64 hex digits/);
  });
});
