import { randomBytes } from 'node:crypto';
import type { BuildDraft } from '../../src/builds/build-draft.js';
import { CoprocessorAttestation, NitroHashAlgorithm, Platform } from '../../src/builds/image-attributes.js';
import type { StoredAttributes } from '../../src/builds/image-attributes.js';
import type { OriginDraft } from '../../src/builds/origin.service.js';
import { rest } from '../support/authorization-content.js';
import { signUp } from '../support/authorization-world.js';
import { onEachDatabase } from '../support/databases.js';
import type { TestGateway } from '../support/gateway.js';
import { startGatewayWith } from '../support/origins.js';
import { statementsDuring } from '../support/statements.js';

const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const sha = (digit: string) => digit.repeat(64);
const pcr = (digit: string) => digit.repeat(96);

const nitro = (pcr0 = hex(48), pcr1 = pcr('1')): StoredAttributes => ({
  ...{ key: 'nitro_enclave', platform: Platform.NITRO_ENCLAVE, hashAlgorithm: NitroHashAlgorithm.SHA384 },
  ...{ pcr0, pcr1, pcr2: hex(48) },
});
const sgx = (mrenclave: string, key = 'sgx'): StoredAttributes => ({ key, platform: Platform.SGX, mrenclave });
const tdx = (mrtd: string): StoredAttributes => ({
  ...{ key: 'baremetal_tdx', platform: Platform.BAREMETAL_TDX, mrtd, rtmr0: hex(48), rtmr1: hex(48) },
  ...{ rtmr2: hex(48), rtmr3: hex(48), coprocessors: [{ attestation: CoprocessorAttestation.IGNORED }] },
});

const build = (name: string, digest: string | undefined, attributes: StoredAttributes[], more: BuildDraft = {}) => ({
  name,
  ...(digest && { dockerInfo: { dockerImageName: name, dockerVersion: '1', dockerImageSha: digest } }),
  attributes,
  ...more,
});

let count = 0;
const from = (sourceKey: string, told: BuildDraft, kind: OriginDraft['kind'] = 'CCM'): OriginDraft => {
  const externalId = `id-${(count += 1)}`;
  return { kind, sourceKey, externalId, state: '', document: { id: externalId }, build: told };
};

/** What must not be reported: nothing that may well differ, and nothing that one origin alone says. */
const PEACEFUL: OriginDraft[] = [
  // The same of two origins.
  from('s1', build('alike', sha('a'), [sgx(sha('1'))])),
  from('s2', build('alike', sha('a'), [sgx(sha('1'))])),
  // Two of one name each, the same ones.
  from('s1', build('twofold', sha('b'), [sgx(sha('2')), sgx(sha('3'), 'other')])),
  from('s2', build('twofold', sha('b'), [sgx(sha('3')), sgx(sha('2'), 'other')])),
  // One origin that disagrees with itself.
  from('s1', build('odd', sha('c'), [nitro()])),
  from('s1', build('odd', sha('c'), [nitro()])),
  from('s1', build('packed', sha('d'), [sgx(sha('4'))])),
  from('s1', build('packed', sha('e'), [sgx(sha('4'))])),
  // Boot blobs, firmware and signers that many share.
  from('s1', build('blobs', sha('0'), [nitro(undefined, pcr('7'))], { enclaveInfo: { mrsigner: sha('8') } })),
  from('s2', build('blobs', sha('9'), [nitro(undefined, pcr('7'))], { enclaveInfo: { mrsigner: sha('8') } })),
  from('s1', build('firmware', `${sha('f').slice(1)}1`, [tdx(pcr('f'))])),
  from('s2', build('firmware', `${sha('f').slice(1)}2`, [tdx(pcr('f'))])),
  // Of one docker image no measurement that both have, of one measurement no docker image that both have.
  from('s1', build('apart', `1${sha('0').slice(1)}`, [sgx(hex(32))])),
  from('s2', build('apart', `1${sha('0').slice(1)}`, [tdx(hex(48))])),
  from('s1', build('bare', undefined, [sgx(sha('6'))])),
  from('s2', build('bare', `2${sha('0').slice(1)}`, [sgx(sha('6'))])),
];

const QUERY = `query ($first: Int, $after: String, $kind: ConflictKind) { conflicts(first: $first, after: $after, kind: $kind) {
  totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
  nodes { kind platform name value buildCount builds(first: 5) { name conflicts { kind value } }
    differences { value originKind sourceId buildCount } }
} }`;

onEachDatabase('conflicts of origins', (kind) => {
  let gateway: TestGateway;
  const ask = async (variables: object = { first: 50 }) => {
    const { body } = await gateway.send(QUERY, variables);
    expect(body.errors).toBeUndefined();
    return body.data.conflicts;
  };
  const keyOf = ({ kind: of, value, name }: any) => `${of} ${value.slice(0, 2)} ${name}`;

  beforeAll(async () => {
    gateway = await startGatewayWith(await kind.create(), async ({ tx, accountId, origins, put }) => {
      for (const draft of PEACEFUL) await put(draft);
      // Gone, and so without a word.
      await put(from('gone', build('alike', sha('a'), [sgx(sha('5'))])), 'run-1');
      const gone = { kind: 'CCM', sourceKey: 'gone', seenIn: 'run-2', limit: 10 } as const;
      await origins.markGone(tx, accountId, gone, { type: 'SYSTEM', id: null, name: 'import' });
      // DIGEST: one docker image, two mrenclaves, of a source and of what is made here.
      await put(from('s1', build('disputed', `d1${sha('0').slice(2)}`, [sgx(`aa${sha('1').slice(2)}`)])));
      await put(from('s1', build('disputed', `d1${sha('0').slice(2)}`, [sgx(`aa${sha('1').slice(2)}`)])));
      // MEASUREMENT: one mrenclave, two docker images, of two sources of one kind, and of another kind.
      await put(from('s1', build('twin', `e1${sha('0').slice(2)}`, [sgx(`ee${sha('1').slice(2)}`)])));
      await put(from('s2', build('twin', `e2${sha('0').slice(2)}`, [sgx(`ee${sha('1').slice(2)}`)])));
      await put(from('served', build('twin', `e2${sha('0').slice(2)}`, [sgx(`ee${sha('1').slice(2)}`)]), 'CYCLE'));
      // Several measurements of one docker image.
      for (const source of ['s1', 's2'])
        await put(from(source, build('many', `d2${sha('0').slice(2)}`, [tdx(hex(48))])));
    });
    const input = {
      dockerInfo: { dockerImageName: 'disputed', dockerVersion: '1', dockerImageSha: `d1${sha('0').slice(2)}` },
      attributes: [{ sgx: { mrenclave: `ab${sha('1').slice(2)}` } }],
    };
    await gateway.send('mutation ($input: CreateBuildInput!) { createBuild(input: $input) { build { id } } }', {
      input,
    });
  });
  afterAll(() => gateway.close());

  const MANY = ['mrtd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'].map((name) => `DIGEST d2 ${name}`);
  const ALL = ['DIGEST d1 mrenclave', ...MANY, 'MEASUREMENT ee mrenclave'];

  it('are where two origins differ, and nowhere else', async () => {
    const { nodes, totalCount, pageInfo } = await ask();
    expect(nodes.map(keyOf)).toEqual(ALL);
    expect(totalCount).toBe(ALL.length);
    expect(pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
    expect(nodes[0]).toMatchObject({ platform: 'SGX', buildCount: 3 });
    expect(nodes[0].builds.map(({ name }: any) => name)).toEqual([null, 'disputed', 'disputed']);
    expect(nodes[0].builds[1].conflicts.map(keyOf2)).toEqual(['DIGEST d1']);
    expect(nodes[0].differences).toEqual([
      { value: `aa${sha('1').slice(2)}`, originKind: 'CCM', sourceId: 's1', buildCount: 2 },
      { value: `ab${sha('1').slice(2)}`, originKind: null, sourceId: null, buildCount: 1 },
    ]);
    const twin = nodes.at(-1);
    expect(twin).toMatchObject({ platform: 'SGX', name: 'mrenclave', buildCount: 3 });
    expect(twin.differences).toEqual([
      { value: `e1${sha('0').slice(2)}`, originKind: 'CCM', sourceId: 's1', buildCount: 1 },
      { value: `e2${sha('0').slice(2)}`, originKind: 'CCM', sourceId: 's2', buildCount: 1 },
      { value: `e2${sha('0').slice(2)}`, originKind: 'CYCLE', sourceId: null, buildCount: 1 },
    ]);
    expect(twin.builds[0].conflicts.map(keyOf2)).toEqual(['MEASUREMENT ee']);
  });
  const keyOf2 = ({ kind: of, value }: any) => `${of} ${value.slice(0, 2)}`;

  it('come page by page, each once, and of one kind where that is asked for', async () => {
    for (const first of [1, 2, 3]) {
      const seen: string[] = [];
      for (let after: string | null = null, more = true; more;) {
        const { nodes, pageInfo } = await ask({ first, after });
        expect(nodes.length).toBeLessThanOrEqual(first);
        seen.push(...nodes.map(keyOf));
        ({ hasNextPage: more, endCursor: after } = pageInfo);
      }
      expect(seen).toEqual(ALL);
    }
    expect((await ask({ kind: 'MEASUREMENT' })).nodes.map(keyOf)).toEqual(ALL.slice(-1));
    const digests = await ask({ kind: 'DIGEST', first: 0 });
    expect(digests).toMatchObject({ nodes: [], totalCount: ALL.length - 1, pageInfo: { hasNextPage: true } });
  });

  it('are read in as many statements for many as for few', async () => {
    const during = (first: number) => statementsDuring(async () => void (await ask({ first })));
    const one = (await during(1)).length;
    // Those of the other kind take two more.
    expect((await during(50)).length).toBeLessThanOrEqual(one + 4);
  });

  it('are nothing that a stranger sees', async () => {
    const { token } = await signUp(gateway.url, 'stranger@example.com');
    const { acct_id: id } = await rest(gateway.url, token, '/v1/accounts', { name: 'of a stranger' });
    await rest(gateway.url, token, `/v1/sys/session/select_account/${id}`);
    const { body } = await gateway.send(QUERY, { first: 50 }, { authorization: `Bearer ${token}` });
    expect(body.data.conflicts).toMatchObject({ totalCount: 0, nodes: [] });
  });

  it('refuse cursors of other lists, pages that are too large, and too many lists at once', async () => {
    const refusal = async (query: string) => (await gateway.send(query)).body.errors[0].extensions.code;
    const cursor = Buffer.from(JSON.stringify(['CONFLICT', '', 'NONSENSE'])).toString('base64url');
    const { endCursor } = (await gateway.send('{ builds(first: 1) { pageInfo { endCursor } } }')).body.data.builds
      .pageInfo;
    expect(await refusal(`{ conflicts(after: "${cursor}") { nodes { name } } }`)).toBe('BAD_USER_INPUT');
    expect(await refusal(`{ conflicts(after: "${endCursor}") { nodes { name } } }`)).toBe('BAD_USER_INPUT');
    expect(await refusal('{ conflicts(first: 201) { nodes { name } } }')).toBe('BAD_USER_INPUT');
    expect(await refusal('{ conflicts { nodes { builds(first: 51) { id } } } }')).toBe('BAD_USER_INPUT');
    // Each goes through all builds.
    const often = Array.from({ length: 21 }, (_, number) => `c${number}: conflicts(first: 1) { nodes { name } }`);
    expect(await refusal(`{ ${often.join(' ')} }`)).toBe('BAD_USER_INPUT');
  });
});
