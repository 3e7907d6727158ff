// The environment as one frozen, checked object; the only reader of process.env. Every variable is in the README.
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import type { OidcConfig } from './auth/oidc.js';
import { oidcConfig } from './config-oidc.js';
import { configuredSources } from './config-sources.js';
import type { ConfiguredSource } from './config-sources.js';
import { upstreamOptions } from './lib/upstream-environment.js';
import type { UpstreamOptions } from './lib/upstream-options.js';

type Environment = Record<string, string | undefined>;

export interface Config {
  host: string;
  port: number;
  /** What clients call the gateway; http://localhost:PORT where undefined. */
  publicUrl: string | undefined;
  dataDir: string;
  databaseUrl: string;
  nitroBlobsDir: string;
  /** How other servers are reached: the allow list, the proxy, private certificate authorities. */
  upstream: UpstreamOptions;
  /** Addresses or networks of reverse proxies, whose X-Forwarded-For tells where requests come from. */
  trustedProxies: string[];
  /** Seals secrets at rest; made and kept in DATA_DIR/secrets.key where undefined. */
  secretsKey: Buffer | undefined;
  /** Still opens what it sealed, so that the key can be changed. */
  previousSecretsKey: Buffer | undefined;
  /** Whether anyone may make a user and an account of its own. */
  isSignUpOpen: boolean;
  /** Whether whoever asked for a review is kept from approving it. */
  fourEyes: boolean;
  /** An issuer whose tokens are taken; undefined for none. */
  oidc: OidcConfig | undefined;
  /** Sources of the file SOURCES_FILE, with their secrets. */
  sources: ConfiguredSource[];
  /** Whether an account refuses a second build with the same mrenclave. */
  uniqueMrenclave: boolean;
  logLevel: string;
  /** How many jobs run at the same time. */
  jobConcurrency: number;
  /** The longest that one run of a job may take. */
  jobTimeoutMinutes: number;
  /** What unpacked layers of before may take on the disk; 0 for none. */
  layerCacheMib: number;
  /** PEM files of the gateway's own key and certificate; undefined where it does not sign. */
  signing: { key: string; certificate: string } | undefined;
  /** What an account may keep in the store, in MiB (2^20 bytes); 0 for as much as there is room for. */
  storeQuotaMib: number;
  /** How long the catalog log is kept, and how much of an account's; 0 for everything. */
  catalogLogDays: number;
  catalogLogLines: number;
  /** All that child processes get of the environment: the rest may hold secrets. */
  childEnvironment: Environment;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Throws an error that names the variable where a value can't be right. */
export function readConfig(environment: Environment): Config {
  const read = (name: string, fallback: string) => environment[name]?.trim() || fallback;
  const dataDir = resolve(read('DATA_DIR', './data'));
  return Object.freeze({
    host: read('HOST', '127.0.0.1'),
    port: integer('PORT', read('PORT', '4000'), 0, 65_535),
    publicUrl: publicUrl(environment.PUBLIC_URL?.trim()),
    dataDir,
    databaseUrl: databaseUrl(read('DATABASE_URL', join(dataDir, 'catalog.sqlite'))),
    nitroBlobsDir: read('NITRO_BLOBS_DIR', '/usr/share/nitro_enclaves/blobs'),
    upstream: upstreamOptions((name) => read(name, '')),
    trustedProxies: networks('TRUSTED_PROXIES', read('TRUSTED_PROXIES', '')),
    secretsKey: secretsKey('SECRETS_KEY', environment.SECRETS_KEY?.trim()),
    previousSecretsKey: secretsKey('SECRETS_KEY_PREVIOUS', environment.SECRETS_KEY_PREVIOUS?.trim()),
    isSignUpOpen: oneOf('SIGN_UP', read('SIGN_UP', 'closed'), ['closed', 'open']) === 'open',
    fourEyes: onOrOff('APPROVAL_FOUR_EYES', read('APPROVAL_FOUR_EYES', 'off')),
    oidc: oidcConfig((name) => read(name, '')),
    sources: configuredSources(read('SOURCES_FILE', ''), environment),
    uniqueMrenclave: onOrOff('UNIQUE_MRENCLAVE', read('UNIQUE_MRENCLAVE', 'on')),
    logLevel: oneOf('LOG_LEVEL', read('LOG_LEVEL', 'info'), LOG_LEVELS),
    childEnvironment: { PATH: environment.PATH, NODE_EXTRA_CA_CERTS: environment.NODE_EXTRA_CA_CERTS },
    storeQuotaMib: integer('STORE_QUOTA_MIB', read('STORE_QUOTA_MIB', '102400'), 0, 2 ** 30),
    catalogLogDays: integer('CATALOG_LOG_DAYS', read('CATALOG_LOG_DAYS', '0'), 0, 36_500),
    catalogLogLines: integer('CATALOG_LOG_LINES', read('CATALOG_LOG_LINES', '0'), 0, 2 ** 40),
    jobConcurrency: integer('JOB_CONCURRENCY', read('JOB_CONCURRENCY', '2'), 1, 64),
    jobTimeoutMinutes: integer('JOB_TIMEOUT_MINUTES', read('JOB_TIMEOUT_MINUTES', '120'), 1, 10_080),
    layerCacheMib: integer('LAYER_CACHE_MIB', read('LAYER_CACHE_MIB', '10240'), 0, 2 ** 30),
    signing: signingFiles(read('SIGNING_KEY_FILE', ''), read('SIGNING_CERTIFICATE_FILE', '')),
  });
}

function signingFiles(key: string, certificate: string): Config['signing'] {
  if (key === '' && certificate === '') return undefined;
  if (key !== '' && certificate !== '') return { key, certificate };
  const missing = key === '' ? 'SIGNING_KEY_FILE' : 'SIGNING_CERTIFICATE_FILE';
  throw new Error(`${missing} must be set too: the gateway signs with a key and its certificate`);
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new Error(`${name} must be a whole number between ${min} and ${max}; it is ${JSON.stringify(text)}`);
}

function oneOf(name: string, text: string, values: string[]): string {
  if (values.includes(text)) return text;
  throw new Error(`${name} must be one of ${values.join(', ')}; it is ${JSON.stringify(text)}`);
}

const onOrOff = (name: string, text: string): boolean => oneOf(name, text.toLowerCase(), ['on', 'off']) === 'on';

function publicUrl(text: string | undefined): string | undefined {
  if (!text) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.username) return url.origin;
  throw new Error(`PUBLIC_URL must be http(s)://host[:port] without a path; it is ${JSON.stringify(text)}`);
}

function databaseUrl(text: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return resolve(text);
  if (scheme === 'postgres' || scheme === 'postgresql') return text;
  if (scheme === 'sqlite') return resolve(text.slice('sqlite://'.length));
  // The URL itself may hold a password.
  throw new Error(`DATABASE_URL must be a file name, sqlite://file or postgres://...; its scheme is ${scheme}`);
}

function networks(name: string, text: string): string[] {
  const list = text.split(',').map((network) => network.trim());
  for (const network of list.filter(Boolean)) {
    const [address = '', bits] = network.split('/');
    const most = isIP(address) === 4 ? 32 : 128;
    const isRight = isIP(address) !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
    if (!isRight)
      throw new Error(`${name} must be a comma list of addresses or networks; ${JSON.stringify(network)} is neither`);
  }
  return list.filter(Boolean);
}

function secretsKey(name: string, text: string | undefined): Buffer | undefined {
  if (!text) return undefined;
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (/^[\w+/-]+=*$/.test(text) && key.length >= 32) return key;
  throw new Error(`${name} must be at least 32 bytes, as 64 hex digits or base64`);
}
