// The variables on how other servers are reached, for the gateway's configuration and for the command line.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AllowList } from './address-guard.js';
import type { ProxyOptions, UpstreamOptions } from './upstream-options.js';

type Read = (name: string) => string;

/**
 * `read` gives a variable's value, empty where it is not set. Throws an error that names the variable where a value
 * can't be right.
 */
export function upstreamOptions(read: Read): UpstreamOptions {
  const options: UpstreamOptions = { allow: hosts('UPSTREAM_ALLOW', read('UPSTREAM_ALLOW')) };
  const proxy = proxyOptions(read);
  if (proxy) options.proxy = proxy;
  const file = read('UPSTREAM_CA_FILE');
  // Certificates of our own take the place of node's list, which NODE_EXTRA_CA_CERTS had been added to.
  if (file) options.ca = `${certificates(file)}\n${extraCertificates(read('NODE_EXTRA_CA_CERTS'))}`;
  return options;
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

/** Other programs read these variables too, in small letters as often as in capitals. */
function proxyOptions(read: Read): ProxyOptions | undefined {
  const either = (name: string) => read(name) || read(name.toLowerCase());
  const https = proxyUrl('HTTPS_PROXY', either('HTTPS_PROXY'));
  const http = proxyUrl('HTTP_PROXY', either('HTTP_PROXY'));
  const no = either('NO_PROXY')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  if (https === undefined && http === undefined) return undefined;
  return { ...(https !== undefined && { https }), ...(http !== undefined && { http }), no };
}

// The URL may hold a password, so it is in no message.
function proxyUrl(name: string, text: string): string | undefined {
  if (!text) return undefined;
  const written = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && isDecodable(url)) return url.href;
  throw new Error(`${name} must be http(s)://[user:password@]host[:port]`);
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

function certificates(file: string): string {
  const wrong = (why: string) => new Error(`UPSTREAM_CA_FILE must be a file of certificates in PEM; ${why}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw wrong(`${JSON.stringify(file)} can not be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const found = pemsOf(text);
  if (found.length === 0) throw wrong(`${JSON.stringify(file)} holds none`);
  const bad = found.findIndex((pem) => !isCertificate(pem));
  if (bad >= 0) throw wrong(`the one at place ${bad + 1} in ${JSON.stringify(file)} can not be read`);
  return found.join('\n');
}

const pemsOf = (text: string): string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

/** Node itself has only a warning for a file that can't be read. */
function extraCertificates(file: string): string {
  try {
    return file ? pemsOf(readFileSync(file, 'utf8')).filter(isCertificate).join('\n') : '';
  } catch {
    return '';
  }
}
