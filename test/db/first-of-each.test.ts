import { In } from 'typeorm';
import type { Principal } from '../../src/auth/principal.js';
import { Measurement } from '../../src/builds/measurements.js';
import { NitroHashAlgorithm } from '../../src/builds/image-attributes.js';
import { firstOfEach } from '../../src/db/first-of-each.js';
import { selectRows } from '../../src/db/from-row.js';
import { newId } from '../../src/lib/ids.js';
import { hex, setUpCatalog } from '../builds/catalog-setup.js';
import type { CatalogSetup } from '../builds/catalog-setup.js';
import { onEachDatabase } from '../support/databases.js';

onEachDatabase('the first rows of each of several groups', (kind) => {
  let setup: CatalogSetup;
  let manager: Principal;
  const ids: string[] = [];
  beforeAll(async () => {
    setup = await setUpCatalog(kind);
    manager = await setup.createManager();
    const values = { pcr0: hex('a', 96), pcr1: hex('b', 96), pcr2: hex('c', 96) };
    const attributes = [{ nitroEnclave: { hashAlgorithm: NitroHashAlgorithm.SHA384, ...values } }];
    for (let index = 0; index < 3; index += 1) ids.push((await setup.createBuild(manager, { attributes })).id);
  });
  afterAll(() => setup.close());

  const names = async (keys: string[], first: number) => {
    const query = selectRows(setup.reader, Measurement, 'm');
    query.where({ accountId: manager.accountId, buildId: In(keys) });
    const rows = await firstOfEach(query, { column: 'buildId', order: 'm.name DESC' }, keys, first);
    return rows.map((ofKey) => ofKey.map(({ name }) => name));
  };

  it('come in the order of the keys and in their own, whatever the table has for a key', async () => {
    const two = ['pcr2', 'pcr1'];
    expect(await names([ids[2]!, newId(), ids[0]!], 2)).toEqual([two, [], two]);
    expect(await names(ids, 9)).toEqual(ids.map(() => ['pcr2', 'pcr1', 'pcr0']));
    expect(await names(ids, 0)).toEqual([[], [], []]);
    expect(await names([], 2)).toEqual([]);
  });
});
