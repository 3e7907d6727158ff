// A few apps and builds of several platforms, so that there is something to look at. Added once.
import { createHash } from 'node:crypto';
import type { PublicApi, UserErrors } from './public-api.js';

const APPS = [
  { name: 'payments', description: 'Signs payment orders inside an enclave', inputImageName: 'acme/payments' },
  { name: 'key-server', description: 'Hands out keys to attested callers', inputImageName: 'acme/key-server' },
];

/** Values that look like measurements and are none. */
const fake = (text: string, hexDigits: number): string =>
  createHash('sha512').update(text).digest('hex').slice(0, hexDigits);

const BUILDS = [
  {
    appName: 'payments',
    dockerInfo: { dockerImageName: 'acme/payments', dockerVersion: '1.4.0', dockerImageSizeMib: 118 },
    attributes: [{ nitroEnclave: { hashAlgorithm: 'SHA384', ...pcrs('payments 1.4.0') } }],
  },
  {
    appName: 'payments',
    dockerInfo: { dockerImageName: 'acme/payments', dockerVersion: '1.5.0', dockerImageSizeMib: 121 },
    attributes: [{ nitroEnclave: { hashAlgorithm: 'SHA384', ...pcrs('payments 1.5.0') } }],
  },
  {
    appName: 'key-server',
    dockerInfo: { dockerImageName: 'acme/key-server', dockerVersion: '2.0.1', dockerImageSizeMib: 64 },
    mrenclave: fake('key-server mrenclave', 64),
    mrsigner: fake('acme mrsigner', 64),
    isvprodid: 7,
    isvsvn: 2,
  },
  {
    appName: 'key-server',
    dockerInfo: { dockerImageName: 'acme/key-server', dockerVersion: '2.1.0', dockerImageSizeMib: 70 },
    attributes: [{ baremetalAmdSevSnp: { measurement: fake('key-server snp', 96), vmpl: 'VMPL0', coprocessors: [] } }],
  },
];

function pcrs(name: string) {
  return { pcr0: fake(`${name} 0`, 96), pcr1: fake('the same blobs', 96), pcr2: fake(`${name} 2`, 96) };
}

const LOOK = `{ viewer { account { id } } apps(filter: { text: "payments" }) { totalCount } }`;
const CREATE_APP = `mutation ($input: CreateAppInput!) { createApp(input: $input) { userErrors { code message } } }`;
const CREATE_BUILD = `mutation ($input: CreateBuildInput!) { createBuild(input: $input) { userErrors { code message } } }`;

interface Look {
  viewer: { account: { id: string } };
  apps: { totalCount: number };
}

/** Returns the id of the account. */
export async function addCatalog(api: PublicApi): Promise<string> {
  const { viewer, apps } = await api.ask<Look>(LOOK);
  if (apps.totalCount === 0) {
    for (const input of APPS) await create(api, CREATE_APP, input);
    for (const input of BUILDS) await create(api, CREATE_BUILD, input);
  }
  return viewer.account.id;
}

async function create(api: PublicApi, mutation: string, input: object): Promise<void> {
  const [payload] = Object.values(await api.ask<Record<string, UserErrors>>(mutation, { input }));
  const [error] = payload?.userErrors ?? [];
  if (error) throw new Error(error.message);
}
