// Which addresses the gateway may be sent to by what a user or a registry wrote (server-side request forgery).
// Everything that is not a public unicast address is refused, unless the operator put the host on the allow list.
import { BlockList, isIP } from 'node:net';

const FORBIDDEN_V4: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Inside 2000::/3, the one part of IPv6 that is global unicast: protocol assignments with Teredo, documentation. */
const FORBIDDEN_V6: [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
];

const forbidden = new BlockList();
for (const [net, prefix] of FORBIDDEN_V4) forbidden.addSubnet(net, prefix, 'ipv4');
for (const [net, prefix] of FORBIDDEN_V6) forbidden.addSubnet(net, prefix, 'ipv6');

/** Whether an IPv4 or IPv6 address, in any spelling, is one the public internet routes. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !forbidden.check(address, 'ipv4');
  const groups = v6Groups(address);
  if (!groups) return false;
  const [g0, g1, g2, g3, g4, g5, g6, g7] = groups as [number, number, number, number, number, number, number, number];
  const low = v4Of(g6, g7);
  const middleIsZero = g2 === 0 && g3 === 0 && g4 === 0;
  if (g0 === 0 && g1 === 0 && middleIsZero && g5 === 0xffff) return isPublicAddress(low);
  if (g0 === 0x64 && g1 === 0xff9b && middleIsZero && g5 === 0) return isPublicAddress(low);
  if (g0 === 0x2002) return isPublicAddress(v4Of(g1, g2));
  return g0 >> 13 === 1 && !forbidden.check(address, 'ipv6');
}

function v4Of(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The eight groups; undefined for what is no plain IPv6 address (an address with a zone is link-local anyway). */
function v6Groups(address: string): number[] | undefined {
  if (isIP(address) !== 6 || address.includes('%')) return undefined;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}

/** The address in a URL's host, or undefined where the host is a name. URL has already put odd spellings right. */
export function addressOf(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? undefined : host;
}

/** The operator's list of hosts (`host` for every port, `host:port` for one) that may be private or plain http. */
export class AllowList {
  private readonly entries = new Set<string>();

  constructor(entries: readonly string[]) {
    for (const entry of entries) this.entries.add(normalised(entry));
  }

  has(url: URL): boolean {
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    return this.entries.has(url.hostname) || this.entries.has(`${url.hostname}:${port}`);
  }
}

function normalised(entry: string): string {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]]+)(?::(\d{1,5}))?$/.exec(entry.trim()) ?? [];
  if (host === undefined || !URL.canParse(`http://${host}`) || Number(port ?? 1) < 1 || Number(port ?? 1) > 65535) {
    throw new Error(`${JSON.stringify(entry)} is not of the form host or host:port.`);
  }
  const { hostname } = new URL(`http://${host}`);
  return port === undefined ? hostname : `${hostname}:${Number(port)}`;
}
