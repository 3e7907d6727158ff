// CCM's conversion calls, which wait for the result, and our own way not to wait: Prefer: respond-async.
import type { IncomingHttpHeaders } from 'node:http';
import type { ConvertNitroImageInput } from '../../conversions/conversion.input.js';
import { isFinal } from '../../events/job-event.entity.js';
import { JobKind } from '../../jobs/job.entity.js';
import type { Job } from '../../jobs/job.entity.js';
import { badInput, CatalogError, notFound } from '../../lib/errors.js';
import type { RouteResponse } from '../../lib/route.js';
import { findApp } from './app-routes.js';
import { toWireBuild } from './build-codec.js';
import { findBuild } from './build-routes.js';
import { CcmError } from './ccm-errors.js';
import type { CcmServices } from './ccm-services.js';
import {
  fromWireAciConversion,
  fromWireLegacyConversion,
  fromWireNitroConversion,
  fromWireUnregisteredConversion,
  toWireConversionJob,
  toWireUnregisteredResult,
} from './conversion-codec.js';
import { buildIdOf, requireSuccess, waitForEnd } from './job-outcome.js';
import { operation, operationWithBody } from './operation.js';
import type { CcmOperation, CcmRequest } from './operation.js';
import type { WireAciConversion } from './wire-conversions.js';

const JOBS = '/builds/convert-app/jobs';
const POLL_SECONDS = 2;
const MAX_KEY_LENGTH = 255;
const NO_CONFCOM =
  "This gateway can not run Azure's confcom. Run `az confcom acipolicygen` yourself and send what it prints, in base64,";

type AnyRequest = CcmRequest<object, unknown>;

export function conversionRoutes(services: CcmServices): CcmOperation[] {
  const { conversions, buildQuery, apps } = services;
  const ended = async (request: AnyRequest, input: ConvertNitroImageInput, register = true) => {
    // Whoever names a request asks for a conversion of its own; only requests without a name join each other. The
    // overlay is on by default here, and off where a build is registered: the vendor's own two defaults.
    const options = { join: input.idempotencyKey === undefined, overlayDefault: true, ...(!register && { register }) };
    const job = await conversions.start(request.principal, input, options);
    return register && wantsNoWait(request.headers)
      ? accepted(job, request.base)
      : waitForEnd(services, job, request.signal);
  };
  const converted = async (request: AnyRequest, input: ConvertNitroImageInput): Promise<RouteResponse> => {
    const outcome = await ended(request, input);
    if (!('accountId' in outcome)) return outcome;
    return { status: 200, body: toWireBuild(await findBuild(buildQuery, outcome.accountId, buildIdOf(outcome))) };
  };
  return [
    operationWithBody('convertAppBuildNitroEnclaves', 'NitroEnclavesConversionRequest', async (request) =>
      converted(request, fromWireNitroConversion(request.body, idempotencyKey(request.headers))),
    ),
    operationWithBody('convertAppBuild', 'ConvertAppBuildRequest', async (request) => {
      const app = await findApp(apps, request.principal.accountId, request.body.app_id.toLowerCase());
      if (!app.inputImageName || !app.outputImageName) throw badInput('The app has no names of images to convert.');
      return converted(request, fromWireLegacyConversion(request.body, app, idempotencyKey(request.headers)));
    }),
    operationWithBody('convertAppNitroEnclaves', 'ConverterSvcNitroEnclavesConversionRequest', async (request) => {
      if (request.body.request.converter_options.push_converted_image === false) throw mustPush();
      const input = fromWireUnregisteredConversion(request.body, idempotencyKey(request.headers));
      const job = (await ended(request, input, false)) as Job;
      requireSuccess(job);
      return { status: 200, body: toWireUnregisteredResult(job) };
    }),
    operationWithBody('convertAppBuildAci', 'AciConversionRequest', (request) => registerAci(services, request)),
    operationWithBody('convertAppAci', 'ConverterSvcAciConversionRequest', async () => {
      throw new CatalogError('FEATURE_NOT_SUPPORTED', `${NO_CONFCOM} to POST /v1/builds/convert-app/aci.`);
    }),
    operation('getConversion', (request) => showJob(services, request)),
  ];
}

const mustPush = () =>
  new CatalogError('FEATURE_NOT_SUPPORTED', 'The converted image is always pushed: leave push_converted_image out.');

async function registerAci(
  { inTransaction, builds, buildQuery }: CcmServices,
  { body, principal }: CcmRequest<object, WireAciConversion>,
): Promise<RouteResponse> {
  const { policy } = body.aci_options;
  if (policy === undefined) throw new CatalogError('FEATURE_NOT_SUPPORTED', `${NO_CONFCOM} as aci_options.policy.`);
  const input = fromWireAciConversion(body, policy);
  const { accountId, id } = await inTransaction((tx) => builds.create(tx, principal, input));
  return { status: 200, body: toWireBuild(await findBuild(buildQuery, accountId, id)) };
}

async function showJob({ jobQuery }: CcmServices, request: AnyRequest): Promise<RouteResponse> {
  const id = request.path.jobId!;
  const job = await jobQuery.get(request.principal.accountId, id);
  if (job.kind !== JobKind.NITRO_CONVERSION) throw notFound('conversion', id);
  const body = toWireConversionJob(job);
  if (!isFinal(job.status)) return { status: 202, headers: { 'retry-after': String(POLL_SECONDS) }, body };
  return { status: 303, headers: { location: `${request.base}/builds/${buildIdOf(job)}` }, body };
}

function accepted(job: Job, base: string): RouteResponse {
  const headers = {
    location: `${base}${JOBS}/${job.id}`,
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
