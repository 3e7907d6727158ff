// Looks names up and judges what they lead to, so that a name can't be a way around the address guard.
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from './address-guard.js';
import { JobFailure, JobFailureCode } from './job-failure.js';

/** For direct connections: only public addresses of the name are connected to. */
export function guardedLookup(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '');
      const usable = (found as LookupAddress[]).filter(({ address }) => isPublicAddress(address));
      const first = usable[0];
      if (!first) return callback(forbiddenAddress(hostname, 'has no public address'), '');
      return options.all ? callback(null, usable) : callback(null, first.address, first.family);
    });
  };
}

/**
 * For connections through a proxy, which looks the name up itself and takes any of its addresses: so every one must be
 * public. Calls back with an error, or null.
 */
export function judgeName(lookup: LookupFunction, hostname: string, callback: (error: Error | null) => void): void {
  lookup(hostname, { all: true }, (error, found) => {
    if (error) return callback(error);
    const addresses = found as LookupAddress[];
    const arePublic = addresses.length > 0 && addresses.every(({ address }) => isPublicAddress(address));
    callback(arePublic ? null : forbiddenAddress(hostname, 'has an address that is not public'));
  });
}

export function forbiddenAddress(host: string, why: string): JobFailure {
  return new JobFailure(
    JobFailureCode.REGISTRY_FORBIDDEN_ADDRESS,
    `${host} ${why}.`,
    'Ask the operator to add the host (or host:port) to UPSTREAM_ALLOW if the gateway may reach it.',
  );
}
