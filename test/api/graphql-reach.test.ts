// What CCM's paths list and filter, asked for over GraphQL: the same answers, by the same services.
import { randomUUID } from 'node:crypto';
import { asking, createApp, createBuild, createRegistry } from '../support/authorization-content.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { call } from '../support/people.js';

onEachDatabaseAtScale('over GraphQL, as over the paths of CCM,', (kind) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create() });
  });
  afterAll(() => gateway.close());

  const ask = (query: string, variables?: object) => asking(gateway)(query, variables);
  const refused = async (query: string, variables?: object) => {
    const { body } = await gateway.send(query, variables);
    return body.errors[0].extensions;
  };
  const rest = async (path: string) => (await call(gateway, 'GET', path, { token: gateway.token })).body;

  describe('apps', () => {
    const [red, blue] = [randomUUID(), randomUUID()];
    const ids: Record<string, string> = {};
    beforeAll(async () => {
      const apps = {
        Alpha: { description: 'pays_bills', groupId: red, labels: { tier: 'web', zone: 'north' } },
        beta: { description: 'alphabet', groupId: blue.toUpperCase(), inputImageName: 'quay.io/acme/Payroll-in' },
        gamma: { outputImageName: 'quay.io/acme/payroll-out', labels: { tier: 'web' } },
      };
      for (const [name, more] of Object.entries(apps)) ids[name] = await createApp(asking(gateway), name, more);
    });
    const found = async (filter: object) => {
      const { nodes, totalCount } = await ask(
        'query ($filter: AppFilter) { apps(filter: $filter) { totalCount nodes { name } } }',
        { filter },
      );
      expect(totalCount).toBe(nodes.length);
      return nodes.map(({ name }: { name: string }) => name);
    };

    it.each([
      [{ text: 'ALPHA' }, 'all_search=ALPHA', ['beta', 'Alpha']],
      [{ text: 'payroll' }, 'all_search=payroll', ['gamma', 'beta']],
      [{ name: 'alpha' }, 'name=alpha', ['Alpha']],
      [{ description: 'ALPHA' }, 'description=ALPHA', ['beta']],
      [{ description: 's_b' }, 'description=s_b', ['Alpha']],
      [{ groupId: [red.toUpperCase(), blue] }, `filter=${red},${blue}`, ['beta', 'Alpha']],
      [{ groupId: [randomUUID()] }, `filter=${randomUUID()}`, []],
      [{ groupId: [blue], text: 'gamma' }, `filter=${blue}&all_search=gamma`, []],
      [{ text: null, name: null, description: null, groupId: null }, '', ['gamma', 'beta', 'Alpha']],
    ])('are found by %j', async (filter, query, names) => {
      expect(await found(filter)).toEqual(names);
      const { items } = await rest(`/v1/apps?${query}`);
      expect(items.map(({ name }: { name: string }) => name)).toEqual(names);
    });

    it('of no group at all are none', async () => {
      expect(await found({ groupId: [] })).toEqual([]);
    });

    it('of very many groups can not be asked for at once', async () => {
      const groupId = Array.from({ length: 20_000 }, (_, index) => `${index}`);
      for (const list of ['App', 'Build']) {
        const query = `query ($filter: ${list}Filter) { ${list.toLowerCase()}s(filter: $filter) { totalCount } }`;
        const few = await ask(query, { filter: { groupId: groupId.slice(0, 1_000) } });
        expect(few).toEqual({ totalCount: 0 });
        expect(await refused(query, { filter: { groupId } })).toMatchObject({ code: 'BAD_USER_INPUT' });
      }
    });

    it('have labels, with how many have them', async () => {
      const labels = await ask('{ appLabels { key value count } }');
      expect(labels).toEqual([
        { key: 'tier', value: 'web', count: 2 },
        { key: 'zone', value: 'north', count: 1 },
      ]);
      expect((await rest('/v1/apps/unique_labels/count')).items).toEqual(labels);
    });
  });

  describe('builds', () => {
    const group = randomUUID();
    let grouped: string;
    let configured: string;
    beforeAll(async () => {
      grouped = (await createBuild(asking(gateway), { groupId: group.toUpperCase() })).build;
      configured = (await createBuild(asking(gateway))).build;
      await configure(configured, { 'a "quoted" config': { ports: [] }, plain: {} });
    });
    const configure = (buildId: string, configs: object) =>
      ask('mutation ($input: UpdateBuildInput!) { updateBuild(input: $input) { userErrors { message } } }', {
        input: { buildId, configs },
      });
    const found = async (filter: object) => {
      const { nodes, totalCount } = await ask(
        'query ($filter: BuildFilter) { builds(filter: $filter) { totalCount nodes { id } } }',
        { filter },
      );
      expect(totalCount).toBe(nodes.length);
      return nodes.map(({ id }: { id: string }) => id);
    };

    it('are found by their groups', async () => {
      expect(await found({ groupId: [group, randomUUID()] })).toEqual([grouped]);
      const { items } = await rest(`/v1/builds?filter=${group}`);
      expect(items.map(({ build_id }: { build_id: string }) => build_id)).toEqual([grouped]);
      expect(await found({ groupId: [] })).toEqual([]);
    });

    it.each(['plain', 'a "quoted" config'])('are found by the configuration %s', async (configId) => {
      expect(await found({ configId })).toEqual([configured]);
      const { items } = await rest(`/v1/builds?config_id=${encodeURIComponent(configId)}`);
      expect(items.map(({ build_id }: { build_id: string }) => build_id)).toEqual([configured]);
    });

    it('are not found by a part of it, by what is in it, or once it is gone', async () => {
      for (const configId of ['plai', 'PLAIN', 'ports', '%']) expect(await found({ configId })).toEqual([]);
      expect(await found({ configId: 'plain', groupId: [group] })).toEqual([]);
      const { build } = await createBuild(asking(gateway));
      await configure(build, { passing: {} });
      expect(await found({ configId: 'passing' })).toEqual([build]);
      await configure(build, {});
      expect(await found({ configId: 'passing' })).toEqual([]);
    });
  });

  describe('tasks', () => {
    it('are found by a text in type, requester or subject', async () => {
      const { build, task } = await createBuild(asking(gateway));
      const found = async (filter: object): Promise<string[]> => {
        const query = 'query ($filter: TaskFilter) { tasks(filter: $filter) { nodes { id } } }';
        return (await ask(query, { filter })).nodes.map(({ id }: { id: string }) => id);
      };
      const { requester } = await ask(`{ task(id: "${task}") { requester { name } } }`);
      expect(await found({ text: 'build_WHITE' })).toContain(task);
      expect(await found({ text: requester.name.toUpperCase() })).toContain(task);
      expect(await found({ text: build })).toEqual([task]);
      expect(await found({ text: build, status: ['DENIED'] })).toEqual([]);
      expect(await found({ text: 'nobody at all' })).toEqual([]);
    });
  });

  describe('nodes', () => {
    const [alpha, beta, gamma] = [randomUUID(), randomUUID(), randomUUID()];
    const attestedAt = '2026-01-02T03:04:05.000Z';
    let build: string;
    beforeAll(async () => {
      build = (await createBuild(asking(gateway))).build;
      const other = (await createBuild(asking(gateway))).build;
      await report({ buildId: build, nodeId: alpha, nodeName: 'Alpha_1', status: 'RUNNING', attestedAt });
      await report({ buildId: other, nodeId: beta, nodeName: 'beta', status: 'STOPPED' });
      await report({ buildId: build, nodeId: gamma, status: 'UNKNOWN' });
      await report({ buildId: other, nodeId: alpha, status: 'STOPPED' });
    });
    const report = (input: object) =>
      ask('mutation ($input: ReportDeploymentInput!) { reportDeployment(input: $input) { userErrors { message } } }', {
        input,
      });
    const list = async (args: string) => {
      const { nodes, totalCount } = await ask(`{ deploymentNodes${args} { totalCount nodes { id } } }`);
      return [totalCount, ...nodes.map(({ id }: { id: string }) => id)];
    };

    it('are listed, those that came last first, with what runs on them', async () => {
      const selection = '{ id name createdAt updatedAt attestedAt isRunning deployments { status build { id } } }';
      const { nodes, totalCount } = await ask(`{ deploymentNodes { totalCount nodes ${selection} } }`);
      expect(totalCount).toBe(3);
      expect(nodes.map(({ id }: { id: string }) => id)).toEqual([gamma, beta, alpha]);
      expect(nodes[2]).toEqual({
        ...{ id: alpha, attestedAt, isRunning: true },
        name: expect.any(String),
        createdAt: expect.any(String),
        updatedAt: expect.any(String),
        deployments: [
          { status: 'STOPPED', build: { id: expect.any(String) } },
          { status: 'RUNNING', build: { id: build } },
        ],
      });
      expect(nodes[0]).toMatchObject({ name: '', attestedAt: null, isRunning: false });
      const known = await rest('/v1/nodes');
      expect(new Set(known.items.map(({ node_id }: { node_id: string }) => node_id))).toEqual(
        new Set([alpha, beta, gamma]),
      );
    });

    it('come in pages', async () => {
      expect(await list('(first: 2)')).toEqual([3, gamma, beta]);
      expect(await list('(first: 2, offset: 2)')).toEqual([3, alpha]);
      expect(await list('(first: 2, offset: 4)')).toEqual([3]);
      expect(await list('(first: 0)')).toEqual([3]);
      for (const args of ['(first: 201)', '(first: -1)'])
        expect(await refused(`{ deploymentNodes${args} { totalCount } }`)).toEqual({
          code: 'BAD_USER_INPUT',
          field: ['first'],
        });
      expect(await refused('{ deploymentNodes(offset: -1) { totalCount } }')).toEqual({
        code: 'BAD_USER_INPUT',
        field: ['offset'],
      });
    });

    it('are found by name and id, and by whether anything runs there', async () => {
      expect(await list('(text: "BETA")')).toEqual([1, beta]);
      expect(await list(`(text: "${gamma.slice(0, 13).toUpperCase()}")`)).toEqual([1, gamma]);
      expect(await list('(text: "nowhere")')).toEqual([0]);
      expect(await list('(isRunning: true)')).toEqual([1, alpha]);
      expect(await list('(isRunning: false)')).toEqual([2, gamma, beta]);
      expect(await list('(isRunning: null, text: null)')).toEqual([3, gamma, beta, alpha]);
    });

    it('are shown one by one', async () => {
      const show = (id: string, first = 50) =>
        ask(`{ deploymentNode(id: "${id}") { id deployments(first: ${first}) { nodeId status } } }`);
      expect(await show(alpha.toUpperCase(), 1)).toEqual({
        id: alpha,
        deployments: [{ nodeId: alpha, status: 'STOPPED' }],
      });
      expect((await show(alpha)).deployments).toHaveLength(2);
      expect(await show(randomUUID())).toBeNull();
      const tooMany = `{ deploymentNode(id: "${alpha}") { deployments(first: 101) { id } } }`;
      expect(await refused(tooMany)).toEqual({ code: 'BAD_USER_INPUT', field: ['first'] });
    });

    it('narrow down deployments by their names', async () => {
      const { nodes } = await ask('{ deployments(filter: { text: "ALPHA_" }) { nodes { nodeId } } }');
      expect(nodes).toContainEqual({ nodeId: alpha });
      expect(new Set(nodes.map(({ nodeId }: { nodeId: string }) => nodeId))).toEqual(new Set([alpha]));
      const none = await ask('{ deployments(filter: { text: "RUNNING" }) { totalCount } }');
      expect(none).toEqual({ totalCount: 0 });
    });
  });

  describe('logins for registries', () => {
    let host: string;
    let narrow: string;
    beforeAll(async () => {
      host = await createRegistry(asking(gateway), 'quay.io', 'everybody');
      narrow = await createRegistry(asking(gateway), 'quay.io/acme', 'acme');
    });
    const forImage = (imageName: string) =>
      ask('query ($imageName: String!) { registryCredentialForImage(imageName: $imageName) { id username } }', {
        imageName,
      });

    it('are shown one by one, without the password', async () => {
      const shown = await ask(`{ registryCredential(id: "${narrow.toUpperCase()}") { id url scope username } }`);
      expect(shown).toEqual({ id: narrow, url: 'quay.io/acme', scope: 'quay.io/acme', username: 'acme' });
      expect(await ask(`{ registryCredential(id: "${randomUUID()}") { id } }`)).toBeNull();
      expect(await rest(`/v1/registry/${narrow}`)).toMatchObject({ registry_id: narrow, username: 'acme' });
    });

    it('are found for an image, the narrowest first', async () => {
      expect(await forImage('quay.io/acme/hello:1')).toEqual({ id: narrow, username: 'acme' });
      expect(await forImage('quay.io/other/hello')).toEqual({ id: host, username: 'everybody' });
      expect(await forImage('hello')).toBeNull();
      const query = '{ registryCredentialForImage(imageName: "No Image") { id } }';
      expect(await refused(query)).toEqual({ code: 'BAD_USER_INPUT' });
    });
  });
});
