// Which hosts are reached without the proxy: NO_PROXY as curl and Go read it, and whatever is this machine, which a
// proxy elsewhere would take for itself.
import { BlockList, isIP } from 'node:net';
import { addressOf } from './address-guard.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

export function isWithoutProxy(url: URL, entries: readonly string[]): boolean {
  const address = addressOf(url);
  if (url.hostname === 'localhost' || (address !== undefined && loopback.check(address, familyOf(address))))
    return true;
  return entries.some((entry) => covers(entry.trim().toLowerCase(), url, address));
}

function covers(entry: string, url: URL, address: string | undefined): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  const [network = '', bits] = entry.split('/');
  if (bits !== undefined) return address !== undefined && isInside(address, network, Number(bits));
  const [, name = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [undefined, entry];
  if (port !== undefined && Number(port) !== Number(url.port || (url.protocol === 'https:' ? 443 : 80))) return false;
  const host = name.replace(/^\*?\.|^\[|\]$/g, '');
  return address === undefined
    ? url.hostname === host || url.hostname.endsWith(`.${host}`)
    : address === host || url.hostname === `[${host}]`;
}

function isInside(address: string, network: string, bits: number): boolean {
  const most = isIP(network) === 4 ? 32 : 128;
  if (isIP(network) === 0 || !Number.isInteger(bits) || bits < 0 || bits > most) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, familyOf(network));
  return list.check(address, familyOf(address));
}

const familyOf = (address: string) => (isIP(address) === 4 ? 'ipv4' : 'ipv6');
