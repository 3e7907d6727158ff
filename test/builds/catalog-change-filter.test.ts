import 'reflect-metadata';
import { BuildStatusType } from '../../src/builds/build-parts.js';
import { actorOf } from '../../src/auth/principal.js';
import type { Principal } from '../../src/auth/principal.js';
import { pickChanges } from '../../src/builds/catalog-change-filter.js';
import type { CatalogChangeFilter } from '../../src/builds/catalog-change-filter.js';
import { OriginQuery } from '../../src/builds/origin.query.js';
import { OriginService } from '../../src/builds/origin.service.js';
import { SERVED } from '../../src/builds/origin.entity.js';
import type { OriginKind } from '../../src/builds/origin.entity.js';
import { CatalogChanges } from '../../src/events/catalog-changes.js';
import { InProcessWaker } from '../../src/events/waker.js';
import { cancellable } from '../../src/lib/cancellable.js';
import { onEachDatabase } from '../support/databases.js';
import { setUpCatalog } from './catalog-setup.js';
import type { CatalogSetup } from './catalog-setup.js';

onEachDatabase('what a subscriber of the catalog asked for', (kind) => {
  let setup: CatalogSetup;
  let changes: CatalogChanges;
  let origins: OriginService;
  let principal: Principal;

  beforeAll(async () => {
    setup = await setUpCatalog(kind);
    changes = new CatalogChanges(setup.reader, new InProcessWaker());
    origins = new OriginService(setup.builds);
  });
  beforeEach(async () => {
    principal = await setup.createManager();
  });
  afterAll(() => setup.close());

  const upsert = async (originKind: OriginKind, version: number) => {
    const told = { kind: originKind, sourceKey: SERVED, externalId: `of ${originKind}`, state: 'live' };
    const draft = { ...told, document: { version }, build: { name: `${originKind} ${version}` } };
    const { id } = await setup.inTransaction((tx) =>
      origins.upsert(tx, principal.accountId, draft, { actor: actorOf(principal) }),
    );
    return id;
  };
  /** Up to the newest line, and how many documents were read at once. */
  const told = async (filter: CatalogChangeFilter) => {
    const { accountId } = principal;
    const asked: number[] = [];
    const documents = {
      documents: (of: string, seqs: readonly number[]) => {
        asked.push(seqs.length);
        return changes.documents(of, seqs);
      },
    };
    const pick = pickChanges(accountId, filter, documents, new OriginQuery(setup.reader));
    const last = await changes.lastSeq(accountId);
    const seen: string[] = [];
    const everything = cancellable((signal) =>
      changes.watch(
        accountId,
        0,
        async (page) => {
          seen.push(...(await pick(page)).map(({ entityId, kind: what }) => `${what} ${entityId}`));
          return page;
        },
        signal,
      ),
    );
    for await (const { seq } of everything) if (seq === last) break;
    return { seen, asked };
  };

  it('is where builds came from, of deleted ones the deletion', async () => {
    const cycle = await upsert('CYCLE', 1);
    const ccm = await upsert('CCM', 1);
    const { id: own } = await setup.createBuild(principal);
    await upsert('CYCLE', 2);
    await upsert('CCM', 2);
    expect((await told({ originKind: ['CYCLE'] })).seen).toEqual([`CREATED ${cycle}`, `UPDATED ${cycle}`]);
    await setup.inTransaction((tx) => setup.builds.delete(tx, principal, cycle));
    await setup.inTransaction((tx) => setup.builds.delete(tx, principal, own));
    expect((await told({ originKind: ['CYCLE'] })).seen).toEqual([`DELETED ${cycle}`]);
    expect((await told({ originKind: ['CYCLE', 'CCM'] })).seen).toEqual([
      ...[`CREATED ${ccm}`, `UPDATED ${ccm}`, `DELETED ${cycle}`],
    ]);
    expect((await told({ originKind: [] })).seen).toEqual([]);
    expect((await told({})).seen).toHaveLength(7);
  });

  it('is the review, before the change or after it', async () => {
    const { id, pendingTaskId } = await setup.createBuild(principal);
    await setup.approve(principal, pendingTaskId!);
    await setup.createBuild(principal);
    await setup.inTransaction((tx) => setup.builds.update(tx, principal, id, { configs: { a: {} } }));
    const { seen } = await told({ status: [BuildStatusType.WHITELISTED] });
    expect(seen).toEqual([`REVIEWED ${id}`, `UPDATED ${id}`]);
    expect((await told({ status: [BuildStatusType.WHITELISTED], kind: ['REVIEWED'] })).seen).toEqual([
      `REVIEWED ${id}`,
    ]);
    expect((await told({ status: [BuildStatusType.REJECTED] })).seen).toEqual([]);
  });

  it('reads documents, which may be large, a few at once and only where it must', async () => {
    const builds = Array.from({ length: 60 }, () => setup.createBuild(principal));
    await Promise.all(builds);
    const { seen, asked } = await told({ status: [BuildStatusType.PENDING] });
    expect(seen).toHaveLength(60);
    expect(Math.max(...asked)).toBeLessThanOrEqual(20);
    expect((await told({ status: [BuildStatusType.PENDING], kind: ['DELETED'] })).asked).toEqual([]);
    expect((await told({ kind: ['CREATED'] })).asked).toEqual([]);
  });
});
