import 'reflect-metadata';
import { actorOf } from '../../src/auth/principal.js';
import type { Principal } from '../../src/auth/principal.js';
import { BuildPhase, BuildStatusType } from '../../src/builds/build-parts.js';
import { Build } from '../../src/builds/build.entity.js';
import { Origin, SERVED } from '../../src/builds/origin.entity.js';
import { OriginQuery } from '../../src/builds/origin.query.js';
import { OriginService } from '../../src/builds/origin.service.js';
import type { OriginDraft } from '../../src/builds/origin.service.js';
import { refreshStatistics } from '../../src/db/refresh-statistics.js';
import { newId } from '../../src/lib/ids.js';
import { Source } from '../../src/sources/source.entity.js';
import { onEachDatabase } from '../support/databases.js';
import { setUpCatalog } from './catalog-setup.js';
import type { CatalogSetup } from './catalog-setup.js';

const DOCUMENT = {
  id: 'x',
  state: { current: 'live' },
  odd: 'half a pair: \ud800, and NUL: \0',
  unknown: [1, { a: null }],
};

onEachDatabase('the origins of builds', (kind) => {
  let setup: CatalogSetup;
  let origins: OriginService;
  let query: OriginQuery;
  let principal: Principal;

  beforeAll(async () => {
    setup = await setUpCatalog(kind);
    origins = new OriginService(setup.builds);
    query = new OriginQuery(setup.reader);
    principal = await setup.createManager();
  });
  afterAll(() => setup.close());

  const draft = (more: Partial<OriginDraft> = {}): OriginDraft => ({
    kind: 'CYCLE',
    sourceKey: 'source-1',
    externalId: 'a1',
    state: 'live',
    document: DOCUMENT,
    build: { name: 'odd \0 name', phase: BuildPhase.AVAILABLE, memSizeMb: 2 ** 60 },
    ...more,
  });
  const upsert = (told: OriginDraft, seenIn = 'job-1') =>
    setup.inTransaction((tx) => origins.upsert(tx, principal.accountId, told, { actor: actorOf(principal), seenIn }));
  const insertSource = (id: string) =>
    setup.inTransaction((tx) =>
      tx.manager.insert(Source, {
        ...{
          accountId: principal.accountId,
          id,
          kind: 'CYCLE',
          name: id,
          endpoint: 'https://x',
          sealedCredentials: '',
        },
        ...{ isWriteBack: false, isFromFile: false, status: 'NEVER', failures: 0 },
        ...{ createdAt: new Date(), updatedAt: new Date() },
      }),
    );
  const buildOf = async (id: string) => (await setup.buildQuery.byIds(principal.accountId, [id]))[0]!;

  it('keep the document as it came, and of what can not be kept elsewhere nothing', async () => {
    const { id, change } = await upsert(draft());
    expect(change).toBe('CREATED');
    const [origin] = await query.byIds(principal.accountId, [id]);
    expect(origin).toMatchObject({ document: DOCUMENT, externalId: 'a1', goneAt: null });
    expect(await buildOf(id)).toMatchObject({ name: 'odd \uFFFD name', memSizeMb: null, statusType: null });
    await expect(upsert(draft({ document: { big: 'x'.repeat(600_000) } }))).rejects.toThrow(/at most 524288 bytes/);
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown;
    await expect(upsert(draft({ document: { deep } }))).rejects.toThrow(/at most 64 levels/);
    await expect(upsert(draft({ externalId: 'a\0' }))).rejects.toThrow(/is no text/);
    const { accountId } = principal;
    const known = await query.known({ accountId, kind: 'CYCLE', sourceKey: 'source-1' }, ['a\0', '\ud800', 'a1']);
    expect([...known.keys()]).toEqual(['a1']);
  });

  it('change the build when the document changes, and nothing when it does not', async () => {
    expect(await upsert(draft({ externalId: 'a2' }))).toMatchObject({ change: 'CREATED' });
    expect(await upsert(draft({ externalId: 'a2' }), 'job-2')).toMatchObject({ change: 'UNCHANGED' });
    const changed = draft({ externalId: 'a2', document: { v: 2 }, build: { name: 'other' } });
    const { id, change } = await upsert(changed);
    expect(change).toBe('UPDATED');
    const build = await buildOf(id);
    expect(build).toMatchObject({ name: 'other', sortName: 'other', phase: 'AVAILABLE' });
    expect(await query.byExternalIds(principal.accountId, 'CYCLE', ['a2', 'a9'])).toMatchObject([
      { document: { v: 2 } },
    ]);
  });

  it('are made once where several bring the same at once, and the others may try again', async () => {
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => upsert(draft({ externalId: 'at once' }))));
    const made = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as { code: string }] : []));
    expect(made.filter(({ change }) => change === 'CREATED')).toHaveLength(1);
    expect(refused.map(({ code }) => code)).toEqual(refused.map(() => 'CONFLICT'));
    expect((await upsert(draft({ externalId: 'at once' }))).change).toBe('UNCHANGED');
  });

  it('keep configurations as they are, and those given here where the vendor knows of none', async () => {
    const { accountId } = principal;
    const told = draft({
      sourceKey: SERVED,
      externalId: 'c1',
      build: { name: 'told', configs: { one: { share: 0.5 } } },
    });
    const { id } = await upsert(told);
    expect((await buildOf(id)).configs).toEqual({ one: { share: 0.5 } });
    const configs = { two: { is: 'own' } };
    await setup.inTransaction((tx) => setup.builds.update(tx, principal, id, { configs }));
    await upsert({ ...told, document: { v: 2 }, build: { name: 'told again' } });
    expect(await buildOf(id)).toMatchObject({ name: 'told again', configs });
    const { nodes } = await setup.buildQuery.list(accountId, {}, { configId: 'two' });
    expect(nodes.map((build) => build.id)).toEqual([id]);
  });

  it('are found by the measurements of the last document alone', async () => {
    const { accountId } = principal;
    const told = (version: number, mrenclave: string) =>
      draft({ externalId: 'm1', document: { version }, build: { name: `v${version}`, enclaveInfo: { mrenclave } } });
    const found = async (value: string) =>
      (await setup.buildQuery.listByMeasurement(accountId, { value }, {})).nodes.map(({ name }) => name);
    await upsert(told(1, 'a'.repeat(64)));
    await upsert(told(2, 'a'.repeat(64)));
    expect(await found('a'.repeat(64))).toEqual(['v2']);
    await upsert(told(3, 'b'.repeat(64)));
    expect([await found('a'.repeat(64)), await found('b'.repeat(64))]).toEqual([[], ['v3']]);
  });

  it('are not read at once where their documents have more than 32 MiB', async () => {
    const { accountId } = principal;
    const ids: string[] = [];
    for (let count = 0; count < 66; count += 1) {
      const { id } = await upsert(draft({ externalId: `large ${count}`, document: { large: 'x'.repeat(520_000) } }));
      ids.push(id);
    }
    await expect(query.byIds(accountId, ids)).rejects.toThrow(/33 MiB of documents, and at most 32/);
    expect(await query.byIds(accountId, ids.slice(0, 64))).toHaveLength(64);

    // PostgreSQL took the tables for empty, and would compare origins row by row.
    await setup.inTransaction((tx) => refreshStatistics(tx, [Build, Origin]));
    if (kind.name === 'SQLite') return;
    const counted = await setup.reader.query(
      "SELECT reltuples FROM pg_class WHERE relname IN ('build', 'build_origin')",
    );
    for (const { reltuples } of counted) expect(Number(reltuples)).toBeGreaterThan(60);
  });

  it("take over the vendor's id and review once, and keep what is decided here afterwards", async () => {
    const buildId = newId();
    const review = { status: BuildStatusType.PENDING, at: new Date(1_700_000_000_000) };
    const told = draft({ kind: 'CCM', externalId: buildId, buildId, review });
    expect(await upsert(told)).toMatchObject({ id: buildId, change: 'CREATED' });
    const build = await buildOf(buildId);
    expect(build).toMatchObject({ statusType: 'PENDING', statusUpdatedAt: review.at });
    expect(build.pendingTaskId).not.toBeNull();
    await upsert({ ...told, document: { v: 2 }, review: { status: BuildStatusType.REJECTED } });
    expect(await buildOf(buildId)).toMatchObject({ statusType: 'PENDING', pendingTaskId: build.pendingTaskId });
    const second = await upsert({ ...told, sourceKey: 'source-2' });
    expect(second.change).toBe('CREATED');
    expect(second.id).not.toBe(buildId);
  });

  it('are gone when a whole run did not see them, and back when one does', async () => {
    const { accountId } = principal;
    await insertSource('source-3');
    const { id } = await upsert(draft({ sourceKey: 'source-3', externalId: 'b1' }), 'run-1');
    const seen = await upsert(draft({ sourceKey: 'source-3', externalId: 'b2' }), 'run-1');
    const gone = { kind: 'CYCLE', sourceKey: 'source-3', seenIn: 'run-2', limit: 10 } as const;
    const markGone = () =>
      setup.inTransaction(async (tx) => {
        await origins.markSeen(tx, accountId, [seen.id], 'run-2');
        return origins.markGone(tx, accountId, gone, actorOf(principal));
      });
    const remove = () => setup.inTransaction((tx) => setup.builds.delete(tx, principal, id));
    await expect(remove()).rejects.toThrow(/imported/);
    expect(await markGone()).toBe(1);
    expect(await markGone()).toBe(0);
    const [origin] = await query.byIds(accountId, [id]);
    expect(origin!.goneAt).toBeInstanceOf(Date);
    const page = { kind: 'CYCLE', limit: 10, offset: 0, text: 'b' } as const;
    expect((await query.list(accountId, { ...page, sort: [] })).map(({ id: own }) => own)).toEqual([seen.id]);
    expect(await upsert(draft({ sourceKey: 'source-3', externalId: 'b1' }), 'run-3')).toMatchObject({
      change: 'UPDATED',
    });
    expect(await query.list(accountId, { ...page, sort: [] })).toHaveLength(2);
    await upsert(draft({ sourceKey: 'source-3', externalId: 'b2' }), 'run-4');
    await setup.inTransaction((tx) =>
      origins.markGone(tx, accountId, { ...gone, seenIn: 'run-4' }, actorOf(principal)),
    );
    await remove();
    expect(await query.byIds(accountId, [id])).toEqual([]);
  });
});
