import { JobEventKind } from '../../src/events/job-event.entity.js';
import { JobStep } from '../../src/events/job-step.js';
import type { JobHandler } from '../../src/jobs/job-handler.js';
import { Worker } from '../../src/jobs/worker.js';
import { JobFailure, JobFailureCode } from '../../src/lib/job-failure.js';
import type { Transaction } from '../../src/lib/transaction.js';
import { Task, TaskType } from '../../src/tasks/task.entity.js';
import { TaskService } from '../../src/tasks/task.service.js';
import { capturedLogger } from '../lib/captured-logger.js';
import { onEachDatabase } from '../support/databases.js';
import { handlerOf, nothingMade, setUpJobs } from './job-setup.js';
import type { JobSetup } from './job-setup.js';

const ACTOR = { type: 'SYSTEM', id: null, name: 'test' } as const;

onEachDatabase('a worker', (kind) => {
  let setup: JobSetup;
  beforeAll(async () => {
    setup = await setUpJobs(kind);
  });
  afterAll(() => setup.close());

  const workerOf = (run: JobHandler['run']) => {
    const { logger, lines } = capturedLogger();
    return { worker: new Worker(setup.jobs, [handlerOf(run)], setup.inTransaction, logger), lines };
  };
  const statusesOf = async (job: { id: string }) => {
    const events = await setup.history(job);
    return events.filter((event) => event.kind === JobEventKind.STATUS).map(({ status }) => status);
  };
  const lost = () => new JobFailure(JobFailureCode.WORKER_LOST, 'killed', 'again');
  /** Registers by opening a task, which the database keeps or not. */
  const openTask = async (tx: Transaction, id: string) => {
    const subject = { type: TaskType.BUILD_WHITELIST, id };
    await new TaskService(setup.reader).open(tx, setup.principal.accountId, subject, ACTOR);
  };
  const tasksOf = (job: { id: string }) => setup.reader.countBy(Task, { subjectId: job.id });

  it('hands a handler the job and its secrets, and registers what it made together with the end', async () => {
    const job = await setup.create({ credentials: { password: 'x' } });
    const outputImage = { name: '/acme/hello:1', digest: 'sha256:ab', sizeBytes: 2 ** 33 };
    const { worker, lines } = workerOf(async (given, credentials, _reports, signal) => {
      expect(given).toMatchObject({ id: job.id, status: 'RUNNING', attempt: 1, input: job.input });
      expect([credentials, signal.aborted]).toEqual([{ password: 'x' }, false]);
      return async (tx, current) => {
        expect(current).toMatchObject({ id: job.id, status: 'RUNNING' });
        await openTask(tx, job.id);
        expect(await tasksOf(job)).toBe(0);
        return { buildId: null, outputImage };
      };
    });
    const ended = setup.history(job).then(() => tasksOf(job));
    await worker.work(job.id);
    expect(await ended).toBe(1);
    expect(await setup.read(job)).toMatchObject({ status: 'SUCCEEDED', outputImage, sealedCredentials: null });
    expect(await statusesOf(job)).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect(lines).toEqual([]);
  });

  it('registers nothing where that fails halfway, and tells only the log why', async () => {
    const job = await setup.create();
    const { worker, lines } = workerOf(async () => async (tx) => {
      await openTask(tx, job.id);
      throw new Error('secret defect');
    });
    await worker.work(job.id);
    expect(await tasksOf(job)).toBe(0);
    const { status, failure } = await setup.read(job);
    expect({ status, failure }).toMatchObject({ status: 'FAILED', failure: { code: 'INTERNAL' } });
    expect(JSON.stringify([failure, await setup.history(job)])).not.toContain('secret defect');
    expect(failure!.hint).toContain(job.id);
    expect(lines).toMatchObject([{ level: 50, jobId: job.id, err: { message: 'secret defect' } }]);
  });

  it('records why a handler could not do its work, after what it warned of', async () => {
    const job = await setup.create();
    const { worker, lines } = workerOf(async (_job, _credentials, reports) => {
      for (const code of ['A', 'B', 'C']) reports.warn({ code, message: code });
      throw new JobFailure(JobFailureCode.IMAGE_INVALID, 'It is broken.', 'Mend it.');
    });
    await worker.work(job.id);
    const failure = { code: 'IMAGE_INVALID', message: 'It is broken.', hint: 'Mend it.' };
    expect(await setup.read(job)).toMatchObject({ status: 'FAILED', failure, attempt: 1 });
    const events = await setup.history(job);
    expect(events.map(({ kind: what, code }) => code ?? what)).toEqual([
      ...['STATUS', 'STATUS', 'A', 'B', 'C', 'IMAGE_INVALID'],
    ]);
    expect(lines).toMatchObject([{ level: 30, code: 'IMAGE_INVALID' }]);
  });

  it('writes reports in the order they came in, all before the end', async () => {
    const job = await setup.create();
    const { worker } = workerOf(async (_job, _credentials, reports) => {
      reports.note([{ name: 'init', sha256: 'ab', sizeBytes: 1 }]);
      for (let progress = 0; progress < 30; progress += 1) {
        reports.progress({ step: JobStep.PULLING, progress, bytesDone: progress });
        if (progress % 10 === 0) reports.warn({ code: 'TEN', message: String(progress) });
      }
      return nothingMade;
    });
    await worker.work(job.id);
    const events = (await setup.history(job)).slice(2);
    const told = events.map(({ kind: what, progress, message }) =>
      what === JobEventKind.WARNING ? message : progress,
    );
    const expected = Array.from({ length: 30 }, (_, index) => (index % 10 === 0 ? [index, String(index)] : [index]));
    expect(told).toEqual([...expected.flat(), 100]);
    expect((await setup.read(job)).bootBlobs).toEqual([{ name: 'init', sha256: 'ab', sizeBytes: 1 }]);
  });

  it('starts a run again that was lost, at most three times in all', async () => {
    const job = await setup.create();
    const attempts: number[] = [];
    const { worker } = workerOf(async ({ attempt }) => {
      attempts.push(attempt);
      throw lost();
    });
    await worker.work(job.id);
    expect(attempts).toEqual([1, 2, 3]);
    expect(await setup.read(job)).toMatchObject({ status: 'FAILED', attempt: 3, failure: { code: 'WORKER_LOST' } });
    expect(await statusesOf(job)).toEqual(['QUEUED', 'RUNNING', 'QUEUED', 'RUNNING', 'QUEUED', 'RUNNING', 'FAILED']);
  });

  it('finishes a job whose run was lost before, with its secrets', async () => {
    const job = await setup.create({ credentials: { password: 'x' } });
    const { worker } = workerOf(async ({ attempt }, credentials) => {
      expect(credentials).toEqual({ password: 'x' });
      if (attempt < 3) throw lost();
      return nothingMade;
    });
    await worker.work(job.id);
    expect(await setup.read(job)).toMatchObject({ status: 'SUCCEEDED', attempt: 3, failure: null });
  });

  it('does not start a lost run again that was cancelled meanwhile', async () => {
    const job = await setup.create();
    const { worker } = workerOf(async ({ accountId, id, attempt }) => {
      expect(attempt).toBe(1);
      await setup.inTransaction((tx) => setup.jobs.cancel(tx, accountId, id));
      throw lost();
    });
    await worker.work(job.id);
    expect(await statusesOf(job)).toEqual(['QUEUED', 'RUNNING', 'CANCELLED']);
  });

  it('leaves a job alone that is final, unknown or run by somebody else', async () => {
    const run = jest.fn();
    const { worker } = workerOf(run);
    const [cancelled, taken] = [await setup.create(), await setup.create()];
    await setup.inTransaction((tx) => setup.jobs.cancel(tx, cancelled.accountId, cancelled.id));
    await setup.inTransaction((tx) => setup.jobs.start(tx, taken.id));
    for (const id of [cancelled.id, taken.id, 'f'.repeat(24)]) await worker.work(id);
    expect(run).not.toHaveBeenCalled();
    expect(await setup.read(taken)).toMatchObject({ status: 'RUNNING', attempt: 1 });
  });

  it('fails a job that it has no handler for', async () => {
    const job = await setup.create({ kind: 'UNHEARD_OF' as never });
    const { worker, lines } = workerOf(async () => nothingMade);
    await worker.work(job.id);
    expect(await setup.read(job)).toMatchObject({ status: 'FAILED', failure: { code: 'INTERNAL' } });
    expect(lines[0]!.err.message).toContain('UNHEARD_OF');
  });

  it('fails a job whose secrets it can not open', async () => {
    const job = await setup.create({ credentials: { password: 'x' } });
    await setup.inTransaction((tx) =>
      tx.manager.query(`UPDATE job SET "sealedCredentials" = 'AAAA' WHERE id = '${job.id}'`),
    );
    const run = jest.fn();
    await workerOf(run).worker.work(job.id);
    expect(run).not.toHaveBeenCalled();
    expect(await setup.read(job)).toMatchObject({ status: 'FAILED', failure: { code: 'CREDENTIALS_UNREADABLE' } });
  });

  it('does not reject when the job can not be brought to its end', async () => {
    const job = await setup.create();
    const { logger, lines } = capturedLogger();
    const failing = () => Promise.reject(new Error('the database is gone'));
    const worker = new Worker(setup.jobs, [handlerOf(async () => nothingMade)], failing, logger);
    await worker.work(job.id);
    expect(lines).toMatchObject([{ level: 50, jobId: job.id, err: { message: 'the database is gone' } }]);
  });
});
