// What happens to a gateway whose database goes away, and to a second gateway on the same catalog.
import { Client } from 'pg';
import {
  eventsOf,
  showJob,
  startConversion,
  startConvertingGateway,
  storeSampleImage,
} from '../support/conversions.js';
import { onEachDatabase } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { WatchJob } from '../support/operations.js';

onEachDatabase('a catalog', (kind) => {
  let gateway: TestGateway;
  let url: string;

  beforeAll(async () => {
    url = await kind.create();
    gateway = await startConvertingGateway({ DATABASE_URL: url });
  });
  afterAll(() => gateway.close());

  it('is worked on by one gateway at a time', async () => {
    await expect(startTestGateway({ DATABASE_URL: url })).rejects.toThrow('another gateway works on the catalog');
    const { status } = await gateway.send('{ viewer { roles } }');
    expect(status).toBe(200);
  });

  // A file does not go away.
  if (kind.name === 'SQLite') return;

  it('that goes away for a moment loses no job', async () => {
    const name = new URL(url).pathname.slice(1);
    const server = new Client({ connectionString: process.env.TEST_POSTGRES_URL });
    await server.connect();
    const image = await storeSampleImage(gateway, 'acme/outage', 64);
    const jobId = await startConversion(gateway, { inputImage: { name: image } });
    for await (const { data } of gateway.subscribe(WatchJob, { jobId })) {
      if (data?.conversionStatus.step === 'PULLING') break;
    }
    await server.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
    await server.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    const ready = async () => (await fetch(`${gateway.url}/readyz`)).status;
    while ((await ready()) !== 503);
    await server.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
    await server.end();
    while ((await ready()) !== 200);
    expect((await eventsOf(gateway, jobId)).at(-1)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await showJob(gateway, jobId)).toMatchObject({ attempt: 1, build: { id: expect.any(String) } });
  });
});
