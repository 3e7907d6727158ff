import { randomUUID } from 'node:crypto';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { CreateBuild } from '../support/operations.js';
import { statementsDuring } from '../support/statements.js';

const REPORT = `mutation ($input: ReportDeploymentInput!) {
  reportDeployment(input: $input) {
    deployment { id nodeId nodeName status statusUpdatedAt attestedAt createdAt updatedAt build { deploymentStatus { status } } }
    userErrors { code field }
  }
}`;
const UNAPPROVED = `{
  deployments(filter: { review: [PENDING, REJECTED], status: [RUNNING] }, first: 50) {
    nodes { nodeId nodeName status build { id status { status } deploymentStatus { status } deployments { nodeId status } } }
  }
}`;

onEachDatabaseAtScale('where builds run', (kind) => {
  let gateway: TestGateway;
  const runs = new Map<string, string>();

  const ask = async (query: string, variables: object = {}) => {
    const { body } = await gateway.send(query, variables);
    if (body.errors) throw new Error(JSON.stringify(body.errors));
    return body.data;
  };
  const report = async (buildId: string, status: string, more: object = {}) =>
    (await ask(REPORT, { input: { buildId, nodeId: randomUUID(), status, ...more } })).reportDeployment;
  const createBuild = async () => {
    const { createBuild: created } = await gateway.ask(CreateBuild, { input: {} });
    return created.build!;
  };

  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create() });
    for (const decision of ['approveTask', 'denyTask', undefined]) {
      for (let count = 0; count < 5; count++) {
        const { id, pendingTask } = await createBuild();
        if (decision)
          await ask(`mutation { ${decision}(input: { taskId: "${pendingTask!.id}" }) { userErrors { code } } }`);
        await report(id, 'STOPPED');
        const { deployment } = await report(id, 'RUNNING', { nodeName: `${decision}` });
        if (decision !== 'approveTask') runs.set(deployment.nodeId, id);
      }
    }
  });
  afterAll(() => gateway.close());

  it('is told by nodes', async () => {
    const { id } = await createBuild();
    const nodeId = randomUUID();
    const attestedAt = '2026-01-02T03:04:05.000Z';
    const { deployment, userErrors } = await report(id, 'RUNNING', { nodeId, nodeName: 'alpha', attestedAt });
    expect(userErrors).toEqual([]);
    expect(deployment).toMatchObject({
      ...{ nodeId, nodeName: 'alpha', status: 'RUNNING', attestedAt },
      build: { deploymentStatus: { status: 'DEPLOYED' } },
    });
    const stopped = await report(id, 'STOPPED', { nodeId });
    expect(stopped.deployment).toMatchObject({
      ...{ id: deployment.id, nodeName: 'alpha', attestedAt, createdAt: deployment.createdAt },
      build: { deploymentStatus: { status: 'UNDEPLOYED' } },
    });
  });

  it('is refused for what is not there, with the place of the mistake', async () => {
    expect(await report(randomUUID(), 'RUNNING')).toEqual({
      ...{ deployment: null, userErrors: [{ code: 'NOT_FOUND', field: ['buildId'] }] },
    });
    expect(await report((await createBuild()).id, 'RUNNING', { nodeId: 'seven' })).toEqual({
      ...{ deployment: null, userErrors: [{ code: 'BAD_USER_INPUT', field: ['nodeId'] }] },
    });
  });

  it('shows in one query what runs that nobody approved, with the page in one statement', async () => {
    let nodes: any[] = [];
    const statements = await statementsDuring(async () => {
      nodes = (await ask(UNAPPROVED)).deployments.nodes;
    });
    expect(nodes.map(({ nodeId, build }) => [nodeId, build.id]).sort()).toEqual([...runs].sort());
    for (const { build, status } of nodes) {
      expect([status, build.deploymentStatus.status]).toEqual(['RUNNING', 'DEPLOYED']);
      expect(['PENDING', 'REJECTED']).toContain(build.status.status);
      expect(build.deployments.map((each: { status: string }) => each.status).sort()).toEqual(['RUNNING', 'STOPPED']);
    }
    // The page, its builds, and the deployments of those; before that, who asks.
    const aboutDeployments = statements.filter((sql) => /FROM "deployment"/.test(sql));
    expect([aboutDeployments.length, statements.length <= 4]).toEqual([2, true]);
  });

  it('pages', async () => {
    const query = `query ($after: String) {
      deployments(first: 7, after: $after) { totalCount nodes { id } pageInfo { hasNextPage endCursor } }
    }`;
    const seen: string[] = [];
    for (let after: string | null = null; ;) {
      const { nodes, pageInfo, totalCount }: any = (await ask(query, { after })).deployments;
      seen.push(...nodes.map(({ id }: { id: string }) => id));
      if (!pageInfo.hasNextPage) {
        expect(seen).toHaveLength(totalCount);
        break;
      }
      after = pageInfo.endCursor;
    }
    expect(new Set(seen).size).toBe(31);
  });

  it('can be asked for of a single build, and no more than 200 of it at once', async () => {
    const [[nodeId, id]] = [...runs] as [[string, string]];
    const ofBuild = (first: number) =>
      gateway.send(`{ build(id: "${id}") { deployments(first: ${first}) { nodeId } } }`);
    expect((await ofBuild(1)).body.data.build.deployments).toEqual([{ nodeId }]);
    for (const first of [-1, 201]) {
      expect((await ofBuild(first)).body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
  });
});
