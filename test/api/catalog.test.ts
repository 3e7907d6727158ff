import { print } from 'graphql';
import { onEachDatabase } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { BuildsByMeasurement, CreateApp, CreateBuild, ListBuilds } from '../support/operations.js';

const hex = (digit: string, length: number) => digit.repeat(length);
const nitro = (digit: string) => ({
  nitroEnclave: { hashAlgorithm: 'SHA384' as const, pcr0: hex(digit, 96), pcr1: hex('B', 96), pcr2: hex('c', 96) },
});

onEachDatabase('the catalog', (kind) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create() });
  });
  afterAll(() => gateway.close());

  const createBuild = async (input: object) => {
    const { createBuild: payload } = await gateway.ask(CreateBuild, { input: input as never });
    return payload;
  };

  it('creates an app once per name', async () => {
    const { createApp } = await gateway.ask(CreateApp, { input: { name: 'one' } });
    expect(createApp.app).toMatchObject({ name: 'one' });
    const again = await gateway.ask(CreateApp, { input: { name: 'one' } });
    expect(again.createApp).toMatchObject({ app: null, userErrors: [{ code: 'CONFLICT', field: ['name'] }] });
  });

  it('gives one app to the first of many that ask for its name at once', async () => {
    const asked = await Promise.all(
      Array.from({ length: 10 }, () => gateway.ask(CreateApp, { input: { name: 'race' } })),
    );
    expect(asked.filter(({ createApp }) => createApp.app)).toHaveLength(1);
    expect(asked.flatMap(({ createApp }) => createApp.userErrors.map(({ code }) => code))).toEqual(
      Array(9).fill('CONFLICT'),
    );
  });

  it('creates a build of a named app with a review that waits', async () => {
    await gateway.ask(CreateApp, { input: { name: 'named' } });
    const { build } = await createBuild({ appName: 'named', attributes: [nitro('a')] });
    expect(build).toMatchObject({
      appName: 'named',
      status: { status: 'PENDING' },
      pendingTask: { type: 'BUILD_WHITELIST', status: 'INPROGRESS', subject: { __typename: 'Build' } },
    });
  });

  it.each([
    ['an unknown app', { appName: 'nobody' }, 'NOT_FOUND', ['appName']],
    ['a digest of the wrong length', { mrenclave: 'ab' }, 'BAD_USER_INPUT', ['mrenclave']],
    [
      'what is no hex',
      { attributes: [{ sgx: { mrenclave: hex('z', 64) } }] },
      'BAD_USER_INPUT',
      ['attributes', '0', 'sgx', 'mrenclave'],
    ],
    [
      'two platforms in one',
      { attributes: [{ ...nitro('a'), sgx: { mrenclave: hex('a', 64) } }] },
      'BAD_USER_INPUT',
      ['attributes', '0'],
    ],
    ['no platform', { attributes: [{ key: 'x' }] }, 'BAD_USER_INPUT', ['attributes', '0']],
    ['a key twice', { attributes: [nitro('a'), nitro('b')] }, 'BAD_USER_INPUT', ['attributes', '1', 'key']],
    [
      'a policy that is no base64',
      { attributes: [{ aci: { policy: '***' } }] },
      'BAD_USER_INPUT',
      ['attributes', '0', 'aci', 'policy'],
    ],
    [
      'a port out of range',
      { dockerInfo: { dockerImageName: 'a', dockerVersion: '1', exposedPorts: [{ port: 70000, protocol: 'TCP' }] } },
      'BAD_USER_INPUT',
      ['dockerInfo', 'exposedPorts', '0', 'port'],
    ],
    ['a negative size', { memSizeMb: -1 }, 'BAD_USER_INPUT', ['memSizeMb']],
  ])('refuses a build with %s, and says where', async (_what, input, code, field) => {
    const payload = await createBuild(input);
    expect(payload).toMatchObject({ build: null, userErrors: [{ code, field }] });
  });

  it('refuses NUL in any text, which PostgreSQL could not keep', async () => {
    const cursor = Buffer.from(JSON.stringify(['CREATED_AT DESC', 1, '\0'])).toString('base64url');
    for (const query of [
      '{ build(id: "\\u0000") { id } }',
      '{ builds(filter: { text: "\\u0000" }) { nodes { id } } }',
    ]) {
      const { body } = await gateway.send(query);
      expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
    for (const variables of [{ after: cursor }, { filter: { text: 'a\0' } }]) {
      const { body } = await gateway.send(print(ListBuilds), variables);
      expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
  });

  it('keeps names that are long, odd or foreign', async () => {
    const dockerImageName = `registry.example/${'ü%_\\'.repeat(400)}`;
    const { build } = await createBuild({ dockerInfo: { dockerImageName, dockerVersion: '1' } });
    const { builds } = await gateway.ask(ListBuilds, { filter: { dockerImageName } });
    expect(builds.edges.map(({ node }) => node.id)).toEqual([build!.id]);
  });

  it('finds builds by any spelling of a measurement, page by page, and not by another platform', async () => {
    const made: string[] = [];
    for (const digit of ['1', '2', '3']) made.unshift((await createBuild({ attributes: [nitro(digit)] })).build!.id);
    const found: string[] = [];
    let after: string | null | undefined;
    do {
      const { buildsByMeasurement } = await gateway.ask(BuildsByMeasurement, {
        value: hex('b', 96).toUpperCase(),
        name: 'pcr1',
        first: 2,
        after,
      });
      found.push(...buildsByMeasurement.nodes.map(({ id }) => id));
      after = buildsByMeasurement.pageInfo.hasNextPage ? buildsByMeasurement.pageInfo.endCursor : null;
    } while (after);
    expect(found.slice(0, 3)).toEqual(made);
    const { buildsByMeasurement } = await gateway.ask(BuildsByMeasurement, { value: hex('1', 96) });
    expect(buildsByMeasurement).toMatchObject({ totalCount: 1, nodes: [{ id: made[2] }] });
    const none = await gateway.ask(BuildsByMeasurement, { value: hex('1', 96), platform: 'SGX' });
    expect(none.buildsByMeasurement.nodes).toEqual([]);
  });

  it('measures every platform, in lower case, each value once', async () => {
    const coprocessors = [{ attestation: 'REQUIRED', gpuVendor: 'NVIDIA' }];
    const tdx = {
      mrtd: hex('A', 96),
      rtmr0: hex('1', 96),
      rtmr1: hex('2', 96),
      rtmr2: hex('3', 96),
      rtmr3: hex('4', 96),
    };
    const { build } = await createBuild({
      mrenclave: hex('E', 64),
      attributes: [
        { sgx: { mrenclave: hex('e', 64), features: ['x'] } },
        nitro('F'),
        { aci: { policy: Buffer.from('package policy').toString('base64') } },
        { azureCvm: { pcrs: { hashAlg: 'SHA256', pcr0: hex('0', 64), pcr22: hex('D', 64) }, coprocessors } },
        { baremetalTdx: { ...tdx, coprocessors: [] } },
        { baremetalAmdSevSnp: { measurement: hex('9', 96), vmpl: 'VMPL1', coprocessors: [] } },
      ],
    });
    expect(build!.measurements.map(({ platform, name }) => `${platform} ${name}`)).toEqual([
      'SGX mrenclave',
      'NITRO_ENCLAVE pcr0',
      'NITRO_ENCLAVE pcr1',
      'NITRO_ENCLAVE pcr2',
      'ACI policy',
      'AZURE_CVM pcr0',
      'AZURE_CVM pcr22',
      'BAREMETAL_TDX mrtd',
      'BAREMETAL_TDX rtmr0',
      'BAREMETAL_TDX rtmr1',
      'BAREMETAL_TDX rtmr2',
      'BAREMETAL_TDX rtmr3',
      'BAREMETAL_AMD_SEV_SNP measurement',
    ]);
    expect(build!.measurements.map(({ value }) => value).join('')).toMatch(/^[0-9a-f]+$/);
    // sha256 of "package policy"
    expect(build!.measurements[4]!.value).toBe('6edf4391f4f9c463ef83a260fe9cd862c0a6e734550c6637e1d4e5be5cfe6d30');
  });
});
