import { onEachDatabase } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { CreateApp, CreateBuild } from '../support/operations.js';
import { statementsDuring } from '../support/statements.js';

const QUERY = `{
  builds(first: 50) {
    nodes { id app { id name } attributes { __typename ... on SgxAttributes { mrenclave } } pendingTask { id type } }
  }
}`;

onEachDatabase('reading 50 builds with app, attributes and pending task', (kind) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create() });
    for (let app = 0; app < 5; app += 1) await gateway.ask(CreateApp, { input: { name: `app-${app}` } });
    for (let build = 0; build < 50; build += 1) {
      const attributes = [{ sgx: { mrenclave: build.toString(16).padStart(64, '0') } }];
      await gateway.ask(CreateBuild, { input: { appName: `app-${build % 5}`, attributes } });
    }
  });
  afterAll(() => gateway.close());

  it('takes at most 4 SQL statements, authentication included', async () => {
    const statements = await statementsDuring(async () => {
      const { body } = await gateway.send(QUERY);
      expect(body.data.builds.nodes).toHaveLength(50);
      expect(new Set(body.data.builds.nodes.map((node: any) => node.app.name)).size).toBe(5);
    });
    expect(statements.length).toBeGreaterThan(1);
    expect(statements.length).toBeLessThanOrEqual(4);
  });
});

const APPS = '{ apps(first: 200) { nodes { id builds(first: 3) { id app { id } } } } }';

onEachDatabase('reading apps with their builds', (kind) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create() });
  });
  afterAll(() => gateway.close());

  const fill = async (apps: string[]) => {
    for (const name of apps) await gateway.ask(CreateApp, { input: { name } });
    for (const appName of apps) {
      for (let build = 0; build < 4; build += 1) await gateway.ask(CreateBuild, { input: { appName } });
    }
  };
  const read = async (count: number) => {
    const statements = await statementsDuring(async () => {
      const { body } = await gateway.send(APPS);
      expect(body.data.apps.nodes).toHaveLength(count);
      for (const { id, builds } of body.data.apps.nodes) {
        expect(builds.map((build: any) => build.app.id)).toEqual([id, id, id]);
        const ids = builds.map((build: any) => build.id);
        // Ids made here grow.
        expect([...ids].sort().reverse()).toEqual(ids);
      }
    });
    return statements.length;
  };

  it('takes as many SQL statements for many as for few', async () => {
    await fill(['one', 'two', 'three']);
    const few = await read(3);
    await fill(Array.from({ length: 20 }, (_, index) => `app ${index}`));
    expect(await read(23)).toBe(few);
    expect(few).toBeLessThanOrEqual(5);
  });

  it('refuses more builds of each than 200', async () => {
    const { body } = await gateway.send('{ apps(first: 1) { nodes { builds(first: 201) { id } } } }');
    expect(body.errors[0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: ['first'] });
  });
});
