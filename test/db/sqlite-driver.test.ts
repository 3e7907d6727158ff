import { openTestDatabase } from './test-database.js';
import { onEachDatabase } from '../support/databases.js';

onEachDatabase('a statement that fails', (kind) => {
  it('does not tell the values it carried in its stack', async () => {
    const database = await openTestDatabase(kind);
    const mark = kind.name === 'SQLite' ? '?' : '$1';
    const error: unknown = await database.reader
      .query(`SELECT * FROM "nowhere" WHERE "secret" = ${mark}`, ['very-secret'])
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ message: expect.stringMatching(/nowhere/) });
    expect((error as Error).stack).not.toContain('very-secret');
    await database.close();
  });
});
