import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { actorOf } from '../../src/auth/principal.js';
import { OriginQuery } from '../../src/builds/origin.query.js';
import { JobKind } from '../../src/jobs/job.entity.js';
import { newId } from '../../src/lib/ids.js';
import { Seal } from '../../src/lib/seal.js';
import { ReviewWriteBackService } from '../../src/sources/review-write-back.service.js';
import { ReviewWriteBack } from '../../src/sources/review-write-back.entity.js';
import type { WriteBackStatus } from '../../src/sources/review-write-back.entity.js';
import { SourceJobEnds } from '../../src/sources/source-job-ends.js';
import { SourceService } from '../../src/sources/source.service.js';
import { SyncRun } from '../../src/sources/sync-run.entity.js';
import { SyncRunService } from '../../src/sources/sync-run.service.js';
import { ccmSource } from '../../src/formats/ccm/source.js';
import { setUpCatalog } from '../builds/catalog-setup.js';
import { onEachDatabase } from '../support/databases.js';

onEachDatabase('a job that ends without its work', (kind) => {
  const set = async () => {
    const setup = await setUpCatalog(kind);
    const { reader, jobs, builds } = setup;
    const sources = new SourceService(reader, new Seal(randomBytes(32)), new Map([['CCM', ccmSource]]));
    const runs = new SyncRunService(reader, jobs);
    const writeBacks = new ReviewWriteBackService(reader, new OriginQuery(reader), sources, builds);
    jobs.onEnd(new SourceJobEnds(runs, sources, writeBacks).settle);
    return { ...setup, sources, runs };
  };
  let setup: Awaited<ReturnType<typeof set>>;
  beforeAll(async () => void (setup = await set()));
  afterAll(() => setup.close());

  const newJob = (principal: Parameters<typeof setup.jobs.create>[1], jobKind: JobKind, input: object) =>
    setup.inTransaction((tx) =>
      setup.jobs.create(tx, principal, { kind: jobKind, input, credentials: {}, outputImage: null }),
    );

  it('ends the import that it had begun, and tells its source', async () => {
    const { inTransaction, jobs, sources, runs, reader } = setup;
    const manager = await setup.createManager();
    const { accountId } = manager;
    const input = { kind: 'CCM', name: 'one', endpoint: 'https://ccm.example', credentials: { token: 't' } } as const;
    const source = await inTransaction((tx) => sources.create(tx, { accountId, actor: actorOf(manager) }, input));
    const { job } = await newJob(manager, JobKind.SOURCE_SYNC, { sourceId: source.id });
    await inTransaction((tx) => runs.start(tx, { accountId, id: job.id, sourceId: source.id }));
    await inTransaction((tx) => jobs.cancel(tx, accountId, job.id));
    expect(await reader.findOneByOrFail(SyncRun, { accountId, id: job.id })).toMatchObject({
      finishedAt: expect.any(Date),
    });
    expect(await sources.byIds(accountId, [source.id])).toMatchObject([{ status: 'FAILED', failure: null }]);
  });

  it.each<[WriteBackStatus, WriteBackStatus]>([
    ['PENDING', 'FAILED'],
    ['SENDING', 'UNKNOWN'],
    ['DONE', 'DONE'],
  ])('ends a decision that is %s as %s', async (before, after) => {
    const { inTransaction, jobs, reader } = setup;
    const manager = await setup.createManager();
    const { accountId } = manager;
    const { id: buildId } = await setup.createBuild(manager);
    const [taskId, now] = [newId(), new Date()];
    const row = {
      accountId,
      taskId,
      buildId,
      sourceId: newId(),
      externalTaskId: 'there',
      decision: 'APPROVED' as never,
    };
    await inTransaction((tx) =>
      tx.manager.insert(ReviewWriteBack, {
        ...row,
        reason: null,
        status: before,
        message: null,
        createdAt: now,
        updatedAt: now,
      }),
    );
    const { job } = await newJob(manager, JobKind.REVIEW_WRITE_BACK, { taskId });
    await inTransaction((tx) => jobs.cancel(tx, accountId, job.id));
    expect(await reader.findOneByOrFail(ReviewWriteBack, { accountId, taskId })).toMatchObject({ status: after });
  });
});
