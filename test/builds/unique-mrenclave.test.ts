import type { Principal } from '../../src/auth/principal.js';
import type { CreateBuildInput } from '../../src/builds/build.input.js';
import type { ImageAttributesInput } from '../../src/builds/image-attributes.js';
import { NitroHashAlgorithm } from '../../src/builds/image-attributes.js';
import { BuildService } from '../../src/builds/build.service.js';
import { UniqueMrenclave } from '../../src/builds/unique-mrenclave.js';
import { OwnNames } from '../../src/lib/own-names.js';
import { onEachDatabase } from '../support/databases.js';
import { failure, hex, setUpCatalog } from './catalog-setup.js';
import type { CatalogSetup } from './catalog-setup.js';

const E = hex('E', 64);
const e = hex('e', 64);
const sgx = (key: string, mrenclave: string): ImageAttributesInput => ({ key, sgx: { mrenclave } });
const nitro: ImageAttributesInput = {
  nitroEnclave: {
    ...{ hashAlgorithm: NitroHashAlgorithm.SHA384, pcr0: hex('a', 96), pcr1: hex('b', 96), pcr2: hex('c', 96) },
  },
};

onEachDatabase('an mrenclave', (kind) => {
  let setup: CatalogSetup;
  /** The same catalog while it is told to allow what it refuses otherwise. */
  let lax: BuildService;
  let manager: Principal;
  beforeAll(async () => {
    setup = await setUpCatalog(kind);
    lax = new BuildService(setup.apps, setup.tasks, new OwnNames('localhost'), { uniqueMrenclave: false });
  });
  beforeEach(async () => {
    manager = await setup.createManager();
  });
  afterAll(() => setup.close());

  const create = (input: CreateBuildInput = {}) => setup.createBuild(manager, input);
  const allow = (input: CreateBuildInput) => setup.inTransaction((tx) => lax.create(tx, manager, input));
  const remove = (id: string) => setup.inTransaction((tx) => setup.deleteBuild.delete(tx, manager, id));

  const one: ImageAttributesInput[] = [sgx('sgx', hex('1', 64)), sgx('sgx2', E)];
  it.each<[string, CreateBuildInput, CreateBuildInput]>([
    ['alone', { mrenclave: e }, { mrenclave: e }],
    ['in another case', { mrenclave: E }, { mrenclave: e }],
    ['among the attributes of the new one', { mrenclave: e }, { attributes: [nitro, sgx('sgx', E)] }],
    ['among its attributes', { attributes: [sgx('sgx', E)] }, { mrenclave: e }],
    ['as the second of its attributes', { attributes: one }, { mrenclave: e }],
    ['as the second of the new ones', { mrenclave: e }, { attributes: one }],
    ['beside another one', { mrenclave: hex('2', 64), attributes: [sgx('sgx', e)] }, { mrenclave: e }],
    ['beside another one of the new ones', { mrenclave: e }, { mrenclave: hex('2', 64), attributes: one }],
  ])('is refused where another build of the account has it %s', async (_where, first, second) => {
    const { id } = await create(first);
    const refused = await failure(create(second));
    expect(refused).toMatchObject({ code: 'CONFLICT', field: ['mrenclave'], message: expect.stringContaining(id) });
    expect(refused.reason).toBeUndefined();
    expect(await setup.log(manager.accountId)).toHaveLength(2);
  });

  it('may stand in one build several times', async () => {
    await create({ mrenclave: e, attributes: [sgx('sgx', E), sgx('sgx2', e)] });
    expect(await setup.reader.findBy(UniqueMrenclave, { accountId: manager.accountId })).toHaveLength(1);
  });

  it('is refused where another build got it while that was allowed', async () => {
    const twice = [await allow({ mrenclave: e }), await allow({ mrenclave: e })];
    expect(await failure(create({ mrenclave: e }))).toMatchObject({ code: 'CONFLICT' });
    await remove(twice[0]!.id);
    expect(await failure(create({ attributes: one }))).toMatchObject({ code: 'CONFLICT' });
    await remove(twice[1]!.id);
    await create({ attributes: one });
  });

  it.each<[string, (index: number) => CreateBuildInput]>([
    ['the same', () => ({ mrenclave: e })],
    [
      'two in either order',
      (index) => ({
        attributes: index % 2 ? one : one.map(({ sgx: at }, i) => ({ key: `${1 - i}`, sgx: at })).reverse(),
      }),
    ],
  ])('is taken once where many come with %s at the same moment', async (_what, input) => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => failure(create(input(index)))));
    expect(answers.filter(({ code }) => code === undefined)).toHaveLength(1);
    const refused = answers.filter(({ code, field }) => code === 'CONFLICT' && field?.[0] === 'mrenclave');
    expect(refused).toHaveLength(19);
    expect(await setup.log(manager.accountId)).toHaveLength(2);
  });

  it('is welcome in another account, and again once the first is deleted', async () => {
    const { id } = await create({ mrenclave: e });
    await setup.createBuild(await setup.createManager(), { mrenclave: e });
    await remove(id);
    const again = await create({ mrenclave: e });
    expect(await setup.reader.findBy(UniqueMrenclave, { accountId: manager.accountId })).toMatchObject([
      { mrenclave: e, buildId: again.id },
    ]);
  });

  it('may be that of another where it is allowed', async () => {
    for (let index = 0; index < 3; index += 1) await allow({ mrenclave: e });
    const { totalCount } = await setup.buildQuery.listByOffset(manager.accountId, { sort: [], limit: 0, offset: 0 });
    expect(totalCount).toBe(3);
  });

  it('is none where it is a PCR of a Nitro Enclave, of which many share some', async () => {
    for (let index = 0; index < 3; index += 1) await create({ attributes: [nitro] });
    expect(await setup.reader.findBy(UniqueMrenclave, { accountId: manager.accountId })).toEqual([]);
  });
});
