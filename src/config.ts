// The environment as one frozen, checked object; the only reader of process.env. Every variable is in the README.
import { join, resolve } from 'node:path';
import { AllowList } from './lib/address-guard.js';

type Environment = Record<string, string | undefined>;

export interface Config {
  host: string;
  port: number;
  /** What clients call the gateway; http://localhost:PORT where undefined. */
  publicUrl: string | undefined;
  dataDir: string;
  databaseUrl: string;
  nitroBlobsDir: string;
  /** `host` or `host:port` of upstream servers that may be loopback, private or plain http. */
  upstreamAllow: string[];
  /** Seals secrets at rest; made and kept in DATA_DIR/secrets.key where undefined. */
  secretsKey: Buffer | undefined;
  logLevel: string;
  /** How many jobs run at the same time. */
  jobConcurrency: number;
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
    upstreamAllow: hosts('UPSTREAM_ALLOW', read('UPSTREAM_ALLOW', '')),
    secretsKey: secretsKey(environment.SECRETS_KEY?.trim()),
    logLevel: oneOf('LOG_LEVEL', read('LOG_LEVEL', 'info'), LOG_LEVELS),
    childEnvironment: { PATH: environment.PATH, NODE_EXTRA_CA_CERTS: environment.NODE_EXTRA_CA_CERTS },
    jobConcurrency: integer('JOB_CONCURRENCY', read('JOB_CONCURRENCY', '2'), 1, 64),
  });
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

function hosts(name: string, text: string): string[] {
  const list = text.split(',').map((host) => host.trim().toLowerCase());
  for (const host of list.filter(Boolean)) {
    if (!isHost(host))
      throw new Error(`${name} must be a comma list of host or host:port; ${JSON.stringify(host)} is neither`);
  }
  return list.filter(Boolean);
}

function isHost(text: string): boolean {
  try {
    new AllowList([text]);
  } catch {
    return false;
  }
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/.test(text);
}

function secretsKey(text: string | undefined): Buffer | undefined {
  if (!text) return undefined;
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (/^[\w+/-]+=*$/.test(text) && key.length >= 32) return key;
  throw new Error('SECRETS_KEY must be at least 32 bytes, as 64 hex digits or base64');
}
