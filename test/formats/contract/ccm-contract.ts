import { toOriginDraft } from '../../../src/formats/ccm/origin-codec.js';
import { WIRE_CREATE_BUILD } from '../ccm/documents.js';
import { answerOf, CONTRACT_APP, fixture } from './format-contract.js';
import type { FormatContract } from './format-contract.js';

const { docker_info: image } = WIRE_CREATE_BUILD;

const pcr = (digit: string) => digit.repeat(64);
const full = fixture('ccm-build');
const { attributes } = full as { attributes: Record<string, any> };
const waiting = {
  ...full,
  build_id: '7b3f9a52-4c1d-4e8a-9f60-2d5c8e1a7b35',
  app_id: CONTRACT_APP,
  status: { status: 'PENDING', status_updated_at: 1_760_003_600 },
  pending_task_id: '7b3f9a52-4c1d-4e8a-9f60-2d5c8e1a7b36',
  attributes: {
    azure_cvm: {
      azure_cvm: {
        ...attributes.azure_cvm.azure_cvm,
        pcrs: {
          hash_alg: 'SHA256',
          ...Object.fromEntries(Array.from({ length: 23 }, (_, index) => [`pcr${index}`, pcr('abcdef'[index % 6]!)])),
        },
      },
    },
    baremetal_tdx: {
      baremetal_tdx: {
        ...attributes.baremetal_tdx.baremetal_tdx,
        coprocessors: [{ attestation: 'Required', gpu_vendor: 'Nvidia' }],
      },
    },
  },
};

export const ccmContract: FormatContract = {
  name: 'CCM',
  kind: 'CCM',
  documents: { 'a build of all platforms': full, 'a build that waits for its review': waiting },
  described: { openApi: 'ccm', schema: 'Build', except: [] },
  smallDocument: (number) => ({
    build_id: `7b3f9a52-4c1d-4e8a-9f60-${String(number).padStart(12, '0')}`,
    ...{ created_at: 1_760_000_000, updated_at: 1_760_000_000 },
    status: { status: 'PENDING', status_updated_at: 1_760_000_000 },
  }),
  toOriginDraft,
  connect({ url, token }) {
    const ask = (path: string, headers: object = { authorization: `Bearer ${token}` }, body?: string) =>
      fetch(`${url}/v1${path}`, {
        ...(body !== undefined && { method: 'POST', body }),
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      }).then(answerOf);
    return Promise.resolve({
      get: (id) => ask(`/builds/${id}`),
      async list(size, next) {
        const offset = Number(next ?? 0);
        const { body } = await ask(`/builds?limit=${size}&offset=${offset}&sort=created_at:asc`);
        const ids = body.items.map((build: any) => build.build_id);
        return { ids, next: ids.length === size ? String(offset + size) : undefined };
      },
      sendBadBody: () => ask('/builds', undefined, '{"docker_info": 5}'),
      getWithoutToken: (id) => ask(`/builds/${id}`, {}),
    });
  },
  documentIn: (body) => body,
  // When the catalog got it, what runs here, and which task waits here are told by the catalog itself.
  comparable: ({ created_at, updated_at, deployment_status, pending_task_id, status, ...build }) => ({
    ...build,
    status: { ...status, ...(status.status === 'PENDING' && { status_updated_at: typeof status.status_updated_at }) },
    ofTheCatalog: [created_at, updated_at, deployment_status?.status, pending_task_id].map((value) => typeof value),
  }),
  unknownId: '7b3f9a52-4c1d-4e8a-9f60-ffffffffffff',
  unknown: { status: 404, body: { code: 'NOT_FOUND', message: expect.any(String) } },
  badBody: { status: 400, body: { code: 'INVALID_BODY_PARAMETER', message: expect.stringContaining('docker_info') } },
  missingToken: { status: 401, body: { code: 'UNAUTHORIZED', message: expect.any(String) } },
  mutation: {
    name: 'createBuild',
    text: 'mutation ($input: CreateBuildInput!) { createBuild(input: $input) { build { id name } userErrors { message } } }',
    input: {
      dockerInfo: { dockerImageName: image.docker_image_name, dockerVersion: image.docker_version },
      memSizeMb: 512,
    },
    createdId: ({ build }) => build.id,
    created: {
      docker_info: { docker_image_name: image.docker_image_name, docker_version: image.docker_version },
      mem_size: 512,
    },
  },
};
