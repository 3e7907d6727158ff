import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onEachDatabase } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';
import { startTestGateway } from '../support/gateway.js';

onEachDatabase('a gateway that could not start', (kind) => {
  it('leaves nothing locked, so that the next start goes well', async () => {
    const environment = { DATA_DIR: temporaryFolder(), DATABASE_URL: await kind.create() };
    const token = join(environment.DATA_DIR, 'admin.token');
    writeFileSync(token, 'short');
    await expect(startTestGateway(environment)).rejects.toThrow('less than 32 characters');
    writeFileSync(token, 'x'.repeat(40));
    const gateway = await startTestGateway(environment);
    expect((await gateway.send('{ viewer { roles } }')).status).toBe(200);
    await gateway.close();
  });
});
