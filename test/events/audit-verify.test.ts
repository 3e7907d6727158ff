import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { CatalogLogHead, CatalogLogLine } from '../../src/events/catalog-log.entity.js';
import { hashLine, recordChange } from '../../src/events/catalog-log.js';
import { packageRoot } from '../../src/lib/package-root.js';
import { openTestDatabase } from '../db/test-database.js';
import type { TestDatabase } from '../db/test-database.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';

const SCRIPT = join(packageRoot, 'dist', 'src', 'audit-verify.js');
const ACTOR = { type: 'USER', id: 'somebody', name: 'Somebody' } as const;
/** More than one page of the check. */
const MANY = 1_203;

interface Verdict {
  code: number;
  lines: string[];
  complaint: string;
}

function verify(databaseUrl: string): Promise<Verdict> {
  const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl, DATA_DIR: '/nowhere' };
  return new Promise((resolve) =>
    execFile(process.execPath, [SCRIPT], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), lines: stdout.split('\n').filter(Boolean), complaint: stderr }),
    ),
  );
}

onEachDatabaseAtScale('npm run audit:verify', (kind) => {
  let url: string;
  let database: TestDatabase;
  let accountId: string;

  beforeEach(async () => {
    url = await kind.create();
    database = await openTestDatabase({ ...kind, create: async () => url });
    ({ accountId } = await database.createPrincipal());
    await record(5);
  });
  // It stays open meanwhile, as a gateway that works on it would.
  afterEach(() => database.close());

  const record = (count: number, of = accountId) =>
    database.inTransaction(async (tx) => {
      for (let index = 0; index < count; index++) {
        const change = { entityType: 'App', entityId: `app ${index}`, actor: ACTOR, after: { id: index, name: 'ä' } };
        recordChange(tx, { accountId: of, kind: 'CREATED', ...change });
      }
    });
  const tamper = (statement: string) => database.inTransaction((tx) => tx.manager.query(statement));
  /** Does it to a log of five lines in an account of its own; resolves to that. */
  const damaged = async (statement: (where: string, id: string) => string | Promise<string>) => {
    const { accountId: id } = await database.createPrincipal();
    await record(5, id);
    await tamper(await statement(`"accountId" = '${id}'`, id));
    return id;
  };
  /** What the script says of each account that is broken, without the others. */
  const verdicts = async (cases: [id: string, expected: string][]) => {
    const { code, lines } = await verify(url);
    expect(code).toBe(1);
    expect(lines.filter((line) => !line.includes('intact')).sort()).toEqual(
      cases.map(([id, expected]) => `${id}: ${expected}`).sort(),
    );
    expect(lines.filter((line) => line.includes('intact'))).toEqual([
      expect.stringMatching(new RegExp(`^${accountId}: 5 lines`)),
    ]);
  };
  const CHANGED = 'hash differs, so this line or the one before it was changed';

  it('finds the log of every account intact, long ones too, and tells the last hash', async () => {
    const { accountId: other } = await database.createPrincipal();
    await record(MANY, other);
    const { hash } = await database.reader.findOneByOrFail(CatalogLogHead, { accountId: other });
    const { code, lines } = await verify(url);
    expect(code).toBe(0);
    expect(lines).toHaveLength(2);
    expect(lines.find((line) => line.startsWith(accountId))).toMatch(
      /: 5 lines, chain intact, last hash [0-9a-f]{64}$/,
    );
    expect(lines).toContain(`${other}: ${MANY} lines, chain intact, last hash ${hash}`);
  });

  it('misses a log that is gone as a whole', async () => {
    const { accountId: empty } = await database.createPrincipal();
    const { code, lines } = await verify(url);
    expect(code).toBe(1);
    expect(lines).toContain(`${empty}: line 1 is broken: there is none, though every log begins with its account`);
  });

  it('names the line of which anything was changed', async () => {
    const changes = [
      `"after" = '{"id":1,"name":"forged"}'`,
      `"after" = 'no JSON at all'`,
      `"after" = NULL`,
      `"before" = '{}'`,
      `"actor" = '{"type":"USER","id":"somebody","name":"Somebody else"}'`,
      `"kind" = 'DELETED'`,
      `"entityId" = 'app 7'`,
      `"at" = 0`,
      `"hash" = '${'0'.repeat(64)}'`,
    ];
    const cases: [string, string][] = [];
    for (const change of changes) {
      const id = await damaged((where) => `UPDATE catalog_log SET ${change} WHERE ${where} AND seq = 3`);
      cases.push([id, `line 3 is broken: ${CHANGED}`]);
    }
    await verdicts(cases);
  });

  it('names the line after one whose hash was made to fit', async () => {
    const id = await damaged(async (where, of) => {
      const lineOf = (seq: number) => database.reader.findOneByOrFail(CatalogLogLine, { accountId: of, seq });
      const [before, { hash: _hash, ...line }] = [await lineOf(1), await lineOf(2)];
      const hash = hashLine(before.hash, { ...line, entityId: 'forged' });
      return `UPDATE catalog_log SET "entityId" = 'forged', hash = '${hash}' WHERE ${where} AND seq = 2`;
    });
    await verdicts([[id, `line 3 is broken: ${CHANGED}`]]);
  });

  it('misses lines that were taken out, be it the first, the last or all', async () => {
    const without = (condition: string) =>
      damaged((where) => `DELETE FROM catalog_log WHERE ${where} AND ${condition}`);
    await verdicts([
      [await without('seq = 1'), 'line 1 is broken: number missing, the next line is 2'],
      [await without('seq = 3'), 'line 3 is broken: number missing, the next line is 4'],
      [await without('seq = 5'), 'line 5 is broken: head differs: it says that the last line is 5'],
      [await without('seq > 3'), 'line 4 is broken: head differs: it says that the last line is 5'],
      [await without('seq > 0'), 'line 1 is broken: head differs: it says that the last line is 5'],
    ]);
  });

  it('finds a head that was changed or is gone', async () => {
    const set = (change: string) => damaged((where) => `UPDATE catalog_log_head SET ${change} WHERE ${where}`);
    await verdicts([
      [await set('seq = 4'), 'line 5 is broken: head differs: it says that the last line is 4'],
      [await set(`hash = '${'0'.repeat(64)}'`), 'line 5 is broken: head differs: it has another hash for this line'],
      [
        await damaged((where) => `DELETE FROM catalog_log_head WHERE ${where}`),
        'line 5 is broken: head differs: there is none',
      ],
    ]);
  });

  it('changes nothing', async () => {
    await damaged((where) => `UPDATE catalog_log SET kind = 'UPDATED' WHERE ${where} AND seq = 2`);
    const state = async () => [
      await database.reader.find(CatalogLogLine, { order: { accountId: 'ASC', seq: 'ASC' } }),
      await database.reader.find(CatalogLogHead, { order: { accountId: 'ASC' } }),
    ];
    const before = await state();
    expect((await verify(url)).code).toBe(1);
    expect(await state()).toEqual(before);
  });

  it('sees one moment of a log to which a gateway appends meanwhile', async () => {
    let isDone = false;
    const append = async () => {
      while (!isDone) await record(50);
    };
    const appending = append();
    const seen = await Promise.all([verify(url), verify(url)]);
    isDone = true;
    await appending;
    for (const { code, lines } of seen) expect([code, lines]).toEqual([0, [expect.stringContaining('intact')]]);
  });
});

describe('npm run audit:verify without a catalog', () => {
  it('says so and ends with another code than for a broken one', async () => {
    const { code, complaint } = await verify(join(temporaryFolder(), 'none.sqlite'));
    expect([code, complaint]).toEqual([2, expect.stringContaining('there is no catalog at')]);
  });

  it('can be asked for a file that no gateway has open', async () => {
    const url = join(temporaryFolder(), 'catalog.sqlite');
    const database = await openTestDatabase({ name: 'SQLite', create: async () => url });
    const { accountId } = await database.createPrincipal();
    await database.close();
    expect(await verify(url)).toMatchObject({ code: 1, lines: [expect.stringContaining(`${accountId}: line 1`)] });
  });
});
