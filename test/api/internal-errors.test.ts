// What clients see of a defect: here the gateway's database has lost a table.
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { createDataSource } from '../../src/db/database.js';
import { onEachDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import type { GatewayProcess } from '../support/gateway-process.js';

const QUERY = '{ jobs { nodes { id } } }';
const DETAILS = /sqlite|postgres|no such|relation|select|\bjob\b|typeorm|node_modules|stack|\.[jt]s\b/i;

onEachDatabase('a gateway with a defect', (kind) => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    const url = await kind.create();
    gateway = await startGatewayProcess({ DATA_DIR: temporaryFolder(), DATABASE_URL: url });
    const second = await createDataSource({ url, entities: [], migrations: [] }).initialize();
    await second.query('ALTER TABLE "job" RENAME TO "job_gone"');
    await second.destroy();
  });
  afterAll(() => gateway.kill('SIGKILL'));

  const requestIds: string[] = [];
  const expectOnlyNumber = (errors: any) => {
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) } }]);
    const [{ message, extensions }] = errors;
    expect(message).toContain(extensions.requestId);
    expect(Object.keys(extensions).sort()).toEqual(['code', 'requestId']);
    expect(JSON.stringify(errors)).not.toMatch(DETAILS);
    requestIds.push(extensions.requestId);
  };

  it('tells a number to quote, and no details, over HTTP', async () => {
    const { status, body } = await gateway.send(QUERY);
    expect([status, body.data ?? null]).toEqual([200, null]);
    expectOnlyNumber(body.errors);
  });

  it.each([QUERY, 'subscription { conversionStatus(jobId: "000000000000000000000000") { seq } }'])(
    'tells a number to quote, and no details, over WebSockets: %s',
    async (query) => {
      const url = `${gateway.url.replace('http', 'ws')}/graphql`;
      const connectionParams = { authorization: `Bearer ${gateway.token}` };
      const client = createClient({ url, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0 });
      try {
        const { value } = await client
          .iterate({ query })
          .next()
          .catch((errors: unknown) => ({ value: { errors } }));
        expectOnlyNumber(value.errors);
      } finally {
        await client.dispose();
      }
    },
  );

  it("tells a number to quote, and no details, over CCM's paths", async () => {
    const path = '/v1/builds/convert-app/jobs/000000000000000000000000';
    const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${gateway.token}` } });
    const answer: any = await response.json();
    expect([response.status, answer]).toEqual([
      500,
      { code: 'INTERNAL_SERVER_ERROR', message: expect.stringMatching(/under [0-9a-f-]{36}\.$/) },
    ]);
    expect(JSON.stringify(answer)).not.toMatch(DETAILS);
    requestIds.push(/[0-9a-f-]{36}/.exec(answer.message)![0]);
  });

  it('has the details in its log, under those numbers', async () => {
    await gateway.kill('SIGTERM');
    const lines = gateway.output().split('\n');
    expect(new Set(requestIds).size).toBe(4);
    for (const requestId of requestIds) {
      expect(lines.filter((line) => line.includes(requestId))).toEqual([
        expect.stringMatching(/no such table|relation/),
      ]);
    }
  });
});
