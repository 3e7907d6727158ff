import { toOriginDraft } from '../../../src/formats/cycle/origin-codec.js';
import { answerOf, fixture } from './format-contract.js';
import type { FormatContract } from './format-contract.js';

const ID = '68e2a1b4c5d6e7f8';

const live = fixture('cycle-image');
const failed = {
  ...live,
  id: '68e2a1b4c5d6e7f801234568',
  state: {
    current: 'new',
    changed: '2026-01-02T03:04:05Z',
    error: { message: 'no such image', time: '2026-01-02T03:04:06Z' },
  },
};

export const cycleContract: FormatContract = {
  name: 'Cycle',
  kind: 'CYCLE',
  documents: { 'an image that is live': live, 'an image that failed': failed },
  // Counted for who asks for it.
  described: { openApi: 'cycle', schema: 'Image', except: ['.meta'] },
  smallDocument: (number) => ({
    id: `${ID}${String(number).padStart(8, '0')}`,
    name: `image ${number}`,
    state: { current: 'live', changed: '2026-01-02T03:04:05Z' },
  }),
  toOriginDraft,
  async connect(gateway) {
    const { url, token } = gateway;
    const { hubId } = (await gateway.send('{ viewer { account { hubId } } }')).body.data.viewer.account;
    const known = { authorization: `Bearer ${token}`, 'x-hub-id': hubId };
    const ask = (path: string, headers: object = known, body?: string) =>
      fetch(`${url}/v1/images${path}`, {
        ...(body !== undefined && { method: 'POST', body }),
        headers: { 'content-type': 'application/json', ...headers },
      }).then(answerOf);
    return {
      get: (id) => ask(`/${id}`),
      async list(size, next) {
        const number = Number(next ?? 1);
        const { body } = await ask(`?sort=id&page[size]=${size}&page[number]=${number}`);
        const ids = body.data.map((image: any) => image.id);
        return { ids, next: ids.length === size ? String(number + 1) : undefined };
      },
      sendBadBody: () => ask('', known, '{"source_id": 5}'),
      getWithoutToken: (id) => ask(`/${id}`, { 'x-hub-id': hubId }),
    };
  },
  documentIn: ({ data }) => data,
  comparable: (image) => image,
  unknownId: 'ffffffffffffffffffffffff',
  unknown: { status: 404, body: { data: null, error: { status: 404, code: '404.image' } } },
  badBody: { status: 422, body: { data: null, error: { status: 422, code: '422.invalid-argument' } } },
  missingToken: { status: 401, body: { data: null, error: { status: 401, code: '401.auth-invalid' } } },
  mutation: {
    name: 'createCycleImage',
    text: 'mutation ($input: CreateCycleImageInput!) { createCycleImage(input: $input) { build { id name origin { ... on Origin { externalId } } } userErrors { message } } }',
    input: { name: 'made here' },
    async prepare(gateway) {
      const { url, token } = gateway;
      const { hubId } = (await gateway.send('{ viewer { account { hubId } } }')).body.data.viewer.account;
      const headers = { authorization: `Bearer ${token}`, 'x-hub-id': hubId, 'content-type': 'application/json' };
      const origin = { type: 'docker-hub', details: { target: 'mysql:5.7' } };
      const body = JSON.stringify({ name: 'mysql', type: 'direct', origin });
      const made = await fetch(`${url}/v1/images/sources`, { method: 'POST', headers, body }).then(answerOf);
      return { sourceId: made.body.data.id };
    },
    createdId: ({ build }) => build.origin.externalId,
    created: { name: 'made here', state: { current: 'new' } },
  },
};
