// CCM's conversion call, which waits for the build, and our own way not to wait: Prefer: respond-async.
import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from '../../auth/principal.js';
import { isFinal } from '../../events/job-event.entity.js';
import { JobKind } from '../../jobs/job.entity.js';
import type { Job } from '../../jobs/job.entity.js';
import { notFound } from '../../lib/errors.js';
import { isHexId } from '../../lib/ids.js';
import type { Route, RouteRequest, RouteResponse } from '../../lib/route.js';
import type { ReadBody } from './body.js';
import { toWireBuild } from './build-codec.js';
import { findBuild } from './build-routes.js';
import { CcmError } from './ccm-errors.js';
import type { CcmServices } from './ccm-services.js';
import { fromWireNitroConversion, toWireConversionJob } from './conversion-codec.js';
import { buildIdOf, waitForEnd } from './job-outcome.js';

const JOBS = '/v1/builds/convert-app/jobs';
const POLL_SECONDS = 2;
const MAX_KEY_LENGTH = 255;

export function conversionRoutes(services: CcmServices, readBody: ReadBody): Route<Principal>[] {
  return [
    {
      method: 'POST',
      path: '/v1/builds/convert-app/nitro-enclaves',
      access: 'WRITER',
      handle: (request) => convert(services, readBody, request),
    },
    {
      method: 'GET',
      path: `${JOBS}/:id`,
      access: 'READER',
      handle: ({ params, principal }) => showJob(services, principal!.accountId, params.id ?? ''),
    },
  ];
}

async function convert(
  services: CcmServices,
  readBody: ReadBody,
  { body, headers, principal, signal }: RouteRequest<Principal>,
): Promise<RouteResponse> {
  const wire = readBody('NitroEnclavesConversionRequest', body);
  const key = idempotencyKey(headers);
  // Whoever names a request asks for a conversion of its own; only requests without a name join each other.
  const join = key === undefined;
  const job = await services.conversions.start(principal!, fromWireNitroConversion(wire, key), join);
  if (wantsNoWait(headers)) return accepted(job);
  const ended = await waitForEnd(services, job, signal);
  const build = await findBuild(services.buildQuery, job.accountId, buildIdOf(ended));
  return { status: 200, body: toWireBuild(build) };
}

async function showJob({ jobQuery }: CcmServices, accountId: string, text: string): Promise<RouteResponse> {
  const id = text.toLowerCase();
  if (!isHexId(id)) {
    throw new CcmError('BAD_USER_INPUT', 'INVALID_PATH_PARAMETER', 'The id of a job must be 24 hex digits.');
  }
  const job = await jobQuery.get(accountId, id);
  if (job.kind !== JobKind.NITRO_CONVERSION) throw notFound('conversion', id);
  const body = toWireConversionJob(job);
  if (!isFinal(job.status)) return { status: 202, headers: { 'retry-after': String(POLL_SECONDS) }, body };
  return { status: 303, headers: { location: `/v1/builds/${buildIdOf(job)}` }, body };
}

function accepted(job: Job): RouteResponse {
  const headers = {
    location: `${JOBS}/${job.id}`,
    'retry-after': String(POLL_SECONDS),
    'preference-applied': 'respond-async',
  };
  return { status: 202, headers, body: toWireConversionJob(job) };
}

function idempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key !== '' && key.length <= MAX_KEY_LENGTH) return key;
  const message = `Idempotency-Key must have 1 to ${MAX_KEY_LENGTH} characters.`;
  throw new CcmError('BAD_USER_INPUT', 'INVALID_HEADER', message);
}

/** RFC 7240: preferences are separated by commas and may have values and parameters. */
function wantsNoWait({ prefer }: IncomingHttpHeaders): boolean {
  const preferences = [prefer ?? []].flat().join(',').split(',');
  return preferences.some((preference) => /^\s*respond-async\s*(?:[;=]|$)/i.test(preference));
}
