import { toOriginDraft } from '../../../src/formats/ccm/origin-codec.js';
import { WIRE_CREATE_BUILD } from '../ccm/documents.js';
import { answerOf, fixture, without } from './format-contract.js';
import type { FormatContract } from './format-contract.js';

const { docker_info: image } = WIRE_CREATE_BUILD;

const OF_THE_CATALOG = ['created_at', 'updated_at', 'deployment_status', 'pending_task_id', 'app_id'];

export const ccmContract: FormatContract = {
  name: 'CCM',
  kind: 'CCM',
  documents: { 'a build with every member': fixture('ccm-build') },
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
  // When the catalog got it, what was decided and what runs here, and which task waits for that here.
  comparable: (build) => ({ ...without(build, OF_THE_CATALOG), status: build.status?.status }),
  unknownId: '7b3f9a52-4c1d-4e8a-9f60-ffffffffffff',
  unknown: { status: 404, body: { code: 'NOT_FOUND', message: expect.any(String) } },
  badBody: { status: 400, body: { code: expect.any(String), message: expect.stringContaining('docker_info') } },
  missingToken: { status: 401, body: { code: 'UNAUTHORIZED', message: expect.any(String) } },
  mutation: {
    name: 'createBuild',
    text: 'mutation ($input: CreateBuildInput!) { createBuild(input: $input) { build { id } userErrors { message } } }',
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
