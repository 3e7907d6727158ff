import { DataSource } from 'typeorm';
import { onEachDatabase } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { CreateApp, CreateBuild } from '../support/operations.js';

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
    const statements: string[] = [];
    // SQLite has one runner, which is handed out again and again.
    const watched = new WeakSet<object>();
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the source it is of
    const create = DataSource.prototype.createQueryRunner;
    const spy = jest.spyOn(DataSource.prototype, 'createQueryRunner').mockImplementation(function (
      this: DataSource,
      mode,
    ) {
      const runner = create.call(this, mode);
      if (watched.has(runner)) return runner;
      watched.add(runner);
      const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<never>;
      runner.query = (...args: unknown[]) => {
        statements.push(String(args[0]));
        return query(...args);
      };
      return runner;
    });
    try {
      const { body } = await gateway.send(QUERY);
      expect(body.data.builds.nodes).toHaveLength(50);
      expect(new Set(body.data.builds.nodes.map((node: any) => node.app.name)).size).toBe(5);
    } finally {
      spy.mockRestore();
    }
    expect(statements.length).toBeGreaterThan(1);
    expect(statements.length).toBeLessThanOrEqual(4);
  });
});
