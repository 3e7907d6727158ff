import { JobStep } from '../../src/events/job-step.js';
import type { JobChange } from '../../src/jobs/job-state.js';
import type { Job } from '../../src/jobs/job.entity.js';
import { RunIsVoid } from '../../src/jobs/job.service.js';
import type { Run } from '../../src/jobs/job.service.js';
import { Worker } from '../../src/jobs/worker.js';
import { capturedLogger } from '../lib/captured-logger.js';
import { onEachDatabase } from '../support/databases.js';
import { setUpJobs } from './job-setup.js';
import type { JobSetup } from './job-setup.js';

const DONE: JobChange = { type: 'succeeded', buildId: null, outputImage: null };
const CHANGES: JobChange[] = [
  { type: 'progressed', step: JobStep.PULLING, progress: 1 },
  { type: 'warned', warning: { code: 'A', message: 'b' } },
  { type: 'noted', bootBlobs: [] },
  { type: 'queued' },
  { type: 'failed', failure: { code: 'INTERNAL' as never, message: '', hint: '' } },
  DONE,
];

onEachDatabase('jobs', (kind) => {
  let setup: JobSetup;
  beforeAll(async () => {
    setup = await setUpJobs(kind);
  });
  afterAll(() => setup.close());

  const start = (job: Pick<Job, 'id'>) => setup.inTransaction((tx) => setup.jobs.start(tx, job.id));
  const advance = (run: Run, ...changes: JobChange[]) =>
    setup.inTransaction((tx) => setup.jobs.advance(tx, run, changes));
  const cancel = (job: Pick<Job, 'id'>, accountId = setup.principal.accountId) =>
    setup.inTransaction((tx) => setup.jobs.cancel(tx, accountId, job.id));
  const recover = () => new Worker(setup.jobs, [], setup.inTransaction, capturedLogger().logger).recover();
  const started = async () => (await start(await setup.create()))!;

  /** Nothing of the job or its events is other than before. */
  const unchanged = async (job: Pick<Job, 'id' | 'accountId'>, work: () => Promise<unknown>) => {
    const state = async () => [await setup.read(job), await setup.events.list(job.accountId, job.id, 0, 200)];
    const before = await state();
    await work();
    expect(await state()).toEqual(before);
  };

  it('start once, however many want to start them', async () => {
    const job = await setup.create();
    const runs = (await Promise.all([1, 2, 3, 4].map(() => start(job)))).filter(Boolean);
    expect(runs).toMatchObject([{ id: job.id, attempt: 1, status: 'RUNNING' }]);
    expect(await start({ id: 'f'.repeat(24) })).toBeUndefined();
  });

  it('are numbered without holes by a run that tells much at once', async () => {
    const run = await started();
    const reports = Array.from({ length: 20 }, (_, index) =>
      advance(run, { type: 'progressed', step: JobStep.PULLING, progress: index }),
    );
    await Promise.all(reports);
    await advance(run, { type: 'warned', warning: { code: 'A', message: 'a' } }, DONE);
    const events = await setup.history(run);
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
    expect(events.slice(-2)).toMatchObject([{ kind: 'WARNING' }, { kind: 'STATUS', status: 'SUCCEEDED' }]);
  });

  it.each(CHANGES.map((change) => [change.type, change] as const))(
    'can not be changed by a run that is void: %s',
    async (_type, change) => {
      const lost = await started();
      await advance(lost, { type: 'queued' });
      await unchanged(lost, () => expect(advance(lost, change)).rejects.toThrow(RunIsVoid));
      const next = (await start(lost))!;
      expect(next.attempt).toBe(2);
      await unchanged(lost, () => expect(advance(lost, change)).rejects.toThrow(RunIsVoid));
      await advance(next, DONE);
      await unchanged(lost, () => expect(advance(next, change)).rejects.toThrow(RunIsVoid));
    },
  );

  it('can not be changed by a run of another account or of no job', async () => {
    const run = await started();
    const stranger = await setup.createPrincipal();
    await unchanged(run, () =>
      expect(advance({ ...run, accountId: stranger.accountId }, DONE)).rejects.toThrow(RunIsVoid),
    );
    await expect(advance({ ...run, id: 'f'.repeat(24) }, DONE)).rejects.toThrow(RunIsVoid);
  });

  it('can be cancelled while they wait or run, and stay so', async () => {
    for (const job of [await setup.create(), await started()]) {
      expect(await cancel(job)).toMatchObject({ id: job.id, status: 'CANCELLED' });
      await unchanged(job, async () => expect(await cancel(job)).toMatchObject({ status: 'CANCELLED' }));
      await unchanged(job, async () => expect(await start(job)).toBeUndefined());
      await unchanged(job, () => expect(advance(job, DONE)).rejects.toThrow(RunIsVoid));
      expect((await setup.history(job)).at(-1)).toMatchObject({ kind: 'STATUS', status: 'CANCELLED' });
    }
  });

  it('can not be cancelled once they ended otherwise, nor by another account', async () => {
    const run = await started();
    const stranger = await setup.createPrincipal();
    await expect(cancel(run, stranger.accountId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await advance(run, DONE);
    await unchanged(run, () => expect(cancel(run)).rejects.toMatchObject({ code: 'CONFLICT' }));
  });

  it('end once where they are cancelled and finished at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const run = await started();
      const [cancelled, finished] = await Promise.allSettled([cancel(run), advance(run, DONE)]);
      expect([cancelled.status, finished.status].sort()).toEqual(['fulfilled', 'rejected']);
      const statuses = (await setup.history(run)).map(({ status }) => status);
      expect(statuses).toEqual(['QUEUED', 'RUNNING', cancelled.status === 'fulfilled' ? 'CANCELLED' : 'SUCCEEDED']);
    }
  });

  it('keep credentials sealed, for themselves alone, and only to their end', async () => {
    const credentials = { input: { username: 'u', password: 'hunter2-ä' } };
    const [job, other] = [await setup.create({ credentials }), await setup.create({ credentials })];
    const row = await setup.read(job);
    expect(JSON.stringify(row)).not.toContain('hunter2');
    expect(setup.jobs.credentialsOf(row)).toEqual(credentials);
    expect(row.inputFingerprint).toBe((await setup.read(other)).inputFingerprint);
    expect(() => setup.jobs.credentialsOf({ ...row, id: other.id })).toThrow();
    await cancel(job);
    const ended = await setup.read(job);
    expect(ended.sealedCredentials).toBeNull();
    expect(setup.jobs.credentialsOf(ended)).toEqual({});
  });

  it('are queued again when the process that ran them died, oldest first, and given up the third time', async () => {
    const own = await setUpJobs(kind);
    try {
      const [fatal, waiting, done] = [await own.create(), await own.create(), await own.create()];
      await own.inTransaction((tx) => own.jobs.cancel(tx, done.accountId, done.id));
      const worker = () => new Worker(own.jobs, [], own.inTransaction, capturedLogger().logger);
      const rescue = async () => (await worker().recover()).map(({ id }) => id);
      for (const attempt of [1, 2]) {
        expect(await own.inTransaction((tx) => own.jobs.start(tx, fatal.id))).toMatchObject({ attempt });
        expect((await rescue()).sort()).toEqual([fatal.id, waiting.id].sort());
        expect(await own.read(fatal)).toMatchObject({ status: 'QUEUED', attempt, failure: null });
      }
      await own.inTransaction((tx) => own.jobs.start(tx, fatal.id));
      expect(await rescue()).toEqual([waiting.id]);
      expect(await own.read(fatal)).toMatchObject({
        ...{ status: 'FAILED', attempt: 3, sealedCredentials: null },
        failure: { code: 'WORKER_LOST', hint: expect.stringMatching(/\w+ \w+/) },
      });
      expect((await own.history(fatal)).at(-1)).toMatchObject({ status: 'FAILED', code: 'WORKER_LOST' });
      expect(await rescue()).toEqual([waiting.id]);
    } finally {
      await own.close();
    }
  });

  it('are recovered oldest first', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) ids.push((await setup.create()).id);
    const recovered = (await recover()).filter(({ id }) => ids.includes(id));
    const times = await Promise.all(recovered.map(async ({ id }) => (await setup.read({ id })).createdAt.getTime()));
    expect(recovered).toHaveLength(3);
    expect(times).toEqual([...times].sort());
  });
});
