import { randomBytes } from 'node:crypto';
import { print } from 'graphql';
import { onEachDatabase } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { BuildsByMeasurement, CreateApp, CreateBuild, ListBuilds } from '../support/operations.js';

const hex = (digit: string, length: number) => digit.repeat(length);
const nitro = (digit: string) => ({
  nitroEnclave: { hashAlgorithm: 'SHA384' as const, pcr0: hex(digit, 96), pcr1: hex('B', 96), pcr2: hex('c', 96) },
});

const randomText = (length: number) => randomBytes(length).toString('base64url').slice(0, length);

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
    [
      'an empty PCR',
      { attributes: [{ nitroEnclave: { ...nitro('a').nitroEnclave, pcr0: '' } }] },
      'BAD_USER_INPUT',
      ['attributes', '0', 'nitroEnclave', 'pcr0'],
    ],
    [
      'an empty MRENCLAVE among its attributes',
      { attributes: [{ sgx: { mrenclave: '' } }] },
      'BAD_USER_INPUT',
      ['attributes', '0', 'sgx', 'mrenclave'],
    ],
    ['an empty MRENCLAVE', { mrenclave: '' }, 'BAD_USER_INPUT', ['mrenclave']],
    ['an empty MRSIGNER', { mrsigner: '' }, 'BAD_USER_INPUT', ['mrsigner']],
    [
      'a docker image name of 3000 characters',
      { dockerInfo: { dockerImageName: randomText(3000), dockerVersion: '1' } },
      'BAD_USER_INPUT',
      ['dockerInfo', 'dockerImageName'],
    ],
    ['a group that is no UUID', { groupId: 'somebody' }, 'BAD_USER_INPUT', ['groupId']],
  ])('refuses a build with %s, and says where', async (_what, input, code, field) => {
    const payload = await createBuild(input);
    expect(payload).toMatchObject({ build: null, userErrors: [{ code, field }] });
  });

  it.each([
    ['attributes', { attributes: [{ sgx: { mrenclave: hex('a', 64), features: [randomText(257 * 1024)] } }] }],
    ['settings', { advancedSettings: { encryptedDirs: Array.from({ length: 257 }, () => randomText(1024)) } }],
    ['configuration', { advancedSettings: { certificate: { keyParam: { text: randomText(257 * 1024) } } } }],
  ])('refuses a build with more than 256 KiB of %s, and keeps somewhat less', async (_what, input) => {
    const payload = await createBuild(input);
    expect(payload).toMatchObject({ build: null, userErrors: [{ code: 'BAD_USER_INPUT' }] });
    const advancedSettings = { rwDirs: Array.from({ length: 240 }, () => randomText(1024)) };
    expect(await createBuild({ advancedSettings })).toMatchObject({ build: {}, userErrors: [] });
  });

  it.each([
    ['a group that is no UUID', { groupId: 'somebody' }, ['groupId']],
    ['an empty group', { groupId: '' }, ['groupId']],
    [
      'a signer of SGX that is no hash',
      { signers: [{ sgx: { mrsigner: hex('a', 63), isvprodid: 1 } }] },
      ['signers', '0', 'sgx', 'mrsigner'],
    ],
    [
      'a signer of SGX that is no hex',
      { signers: [{ nitroEnclave: { pcr8: hex('a', 96) } }, { sgx: { mrsigner: hex('z', 64), isvprodid: 1 } }] },
      ['signers', '1', 'sgx', 'mrsigner'],
    ],
    [
      'a signer of enclaves that is no PCR',
      { signers: [{ nitroEnclave: { pcr8: hex('a', 64) } }] },
      ['signers', '0', 'nitroEnclave', 'pcr8'],
    ],
    [
      'a signer of enclaves that is empty',
      { signers: [{ nitroEnclave: { pcr8: '' } }] },
      ['signers', '0', 'nitroEnclave', 'pcr8'],
    ],
    ['a signer of nothing', { signers: [{}] }, ['signers', '0']],
  ])('refuses an app with %s, and says where', async (_what, input, field) => {
    const { createApp } = await gateway.ask(CreateApp, { input: { name: 'refused', ...input } });
    expect(createApp).toMatchObject({ app: null, userErrors: [{ code: 'BAD_USER_INPUT', field }] });
  });

  it('keeps an app with signers and a group, in either case', async () => {
    const signers = [{ sgx: { mrsigner: hex('A', 64), isvprodid: 1 } }, { nitroEnclave: { pcr8: hex('f', 96) } }];
    const input = { name: 'signed', signers, groupId: '0190B0C4-5b3a-7000-8000-000000000001' };
    const { createApp } = await gateway.ask(CreateApp, { input });
    expect(createApp).toMatchObject({ app: { name: 'signed' }, userErrors: [] });
  });

  it('finds no builds on none of the platforms', async () => {
    await createBuild({ attributes: [nitro('a')] });
    const { builds } = await gateway.ask(ListBuilds, { filter: { platform: [] } });
    expect(builds).toMatchObject({ totalCount: 0, edges: [] });
    const some = await gateway.ask(ListBuilds, { filter: { platform: ['NITRO_ENCLAVE'] } });
    expect(some.builds.totalCount).toBeGreaterThan(0);
  });

  it('refuses to look for a text of more than 255 characters', async () => {
    const { body } = await gateway.send(print(ListBuilds), { filter: { text: 'a'.repeat(256) } });
    expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    for (const letter of ['a', 'ü']) {
      const { builds } = await gateway.ask(ListBuilds, { filter: { text: letter.repeat(255) } });
      expect(builds.edges).toEqual([]);
    }
  });

  it('knows ids in either case', async () => {
    const { createApp } = await gateway.ask(CreateApp, { input: { name: 'either case' } });
    const appId = createApp.app!.id;
    const { build } = await createBuild({ appId: appId.toUpperCase() });
    const { body } = await gateway.send('query ($id: ID!) { build(id: $id) { id app { id } } }', {
      id: build!.id.toUpperCase(),
    });
    expect(body).toEqual({ data: { build: { id: build!.id, app: { id: appId } } } });
    const { builds } = await gateway.ask(ListBuilds, { filter: { appId: appId.toUpperCase() } });
    expect(builds.edges.map(({ node }) => node.id)).toEqual([build!.id]);
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

  // Random, because PostgreSQL compresses what it indexes.
  it.each([
    ['long', randomText(1500)],
    ['as long as may be', randomText(2048)],
    ['long and foreign', Array.from(randomBytes(2048), (byte) => String.fromCharCode(0x4e00 + byte * 64)).join('')],
    ['odd', `registry.example/${'ü%_\\'.repeat(400)}`],
  ])('keeps and finds names that are %s', async (_what, dockerImageName) => {
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
