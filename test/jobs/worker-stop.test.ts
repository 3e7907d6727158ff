import { JobEventKind } from '../../src/events/job-event.entity.js';
import { JobStep } from '../../src/events/job-step.js';
import { CancelJob } from '../../src/jobs/cancel-job.js';
import type { JobHandler } from '../../src/jobs/job-handler.js';
import { Worker } from '../../src/jobs/worker.js';
import { capturedLogger } from '../lib/captured-logger.js';
import { onEachDatabase } from '../support/databases.js';
import { aborted, gate, handlerOf, nothingMade, setUpJobs } from './job-setup.js';
import type { JobSetup } from './job-setup.js';

onEachDatabase('a run that is stopped', (kind) => {
  let setup: JobSetup;
  beforeAll(async () => {
    setup = await setUpJobs(kind);
  });
  afterAll(() => setup.close());

  const workerOf = (run: JobHandler['run']) =>
    new Worker(setup.jobs, [handlerOf(run)], setup.inTransaction, capturedLogger().logger);
  const cancelOf = (worker: Worker) => {
    const cancelJob = new CancelJob(setup.jobs, worker, setup.inTransaction);
    return ({ id }: { id: string }) => cancelJob.cancel(setup.principal.accountId, id);
  };
  const statusesOf = async (job: { id: string }) => {
    const events = await setup.history(job);
    return events.filter((event) => event.kind === JobEventKind.STATUS).map(({ status }) => status);
  };

  it('by a cancel is aborted at once, and the job stays CANCELLED', async () => {
    const job = await setup.create();
    const { open, passed } = gate();
    const worker = workerOf((_job, _credentials, _reports, signal) => {
      open();
      return aborted(signal);
    });
    const work = worker.work(job.id);
    await passed;
    expect(await cancelOf(worker)(job)).toMatchObject({ status: 'CANCELLED' });
    await work;
    expect(await statusesOf(job)).toEqual(['QUEUED', 'RUNNING', 'CANCELLED']);
    expect(await setup.read(job)).toMatchObject({ failure: null, attempt: 1 });
  });

  it('by a cancel registers nothing though its handler finishes at the same moment', async () => {
    const job = await setup.create();
    const register = jest.fn(nothingMade);
    const worker: Worker = workerOf(async () => {
      await cancelOf(worker)(job);
      return register;
    });
    await worker.work(job.id);
    expect(register).not.toHaveBeenCalled();
    expect(await statusesOf(job)).toEqual(['QUEUED', 'RUNNING', 'CANCELLED']);
  });

  it('by a cancel in another process registers nothing either, and writes no late report', async () => {
    const job = await setup.create();
    const register = jest.fn(nothingMade);
    const worker = workerOf(async ({ accountId, id }, _credentials, reports, signal) => {
      await setup.inTransaction((tx) => setup.jobs.cancel(tx, accountId, id));
      reports.progress({ step: JobStep.PULLING, progress: 1 });
      await aborted(signal).catch(() => undefined);
      return register;
    });
    await worker.work(job.id);
    expect(register).not.toHaveBeenCalled();
    expect(await statusesOf(job)).toEqual(['QUEUED', 'RUNNING', 'CANCELLED']);
    expect((await setup.read(job)).lastSeq).toBe(3);
  });

  it('too late, while it registers, has succeeded', async () => {
    const job = await setup.create();
    const [registering, goOn] = [gate(), gate()];
    const worker = workerOf(async () => async () => {
      registering.open();
      await goOn.passed;
      return { buildId: null, outputImage: null };
    });
    const work = worker.work(job.id);
    await registering.passed;
    const cancelling = cancelOf(worker)(job);
    goOn.open();
    await expect(cancelling).rejects.toMatchObject({ code: 'CONFLICT' });
    await work;
    expect(await statusesOf(job)).toEqual(['QUEUED', 'RUNNING', 'SUCCEEDED']);
  });

  it('by a shutdown is handed back, and finished by the next worker', async () => {
    const jobs = [await setup.create(), await setup.create()];
    const started = [gate(), gate()];
    let running = 0;
    const worker = workerOf((_job, _credentials, _reports, signal) => {
      started[running++]!.open();
      return aborted(signal);
    });
    const work = jobs.map(({ id }) => worker.work(id));
    await Promise.all(started.map(({ passed }) => passed));
    worker.stopAll();
    await Promise.all(work);
    for (const job of jobs) {
      expect(await setup.read(job)).toMatchObject({ status: 'QUEUED', attempt: 1, step: null });
      await workerOf(async () => nothingMade).work(job.id);
      expect(await statusesOf(job)).toEqual(['QUEUED', 'RUNNING', 'QUEUED', 'RUNNING', 'SUCCEEDED']);
    }
  });

  it('by a shutdown is not begun where it was only about to be', async () => {
    const job = await setup.create();
    const run = jest.fn();
    const worker = workerOf(run);
    const work = worker.work(job.id);
    worker.stopAll();
    await work;
    await worker.work(job.id);
    expect(run).not.toHaveBeenCalled();
    expect(await setup.read(job)).toMatchObject({ status: 'QUEUED' });
  });

  it('because it was given up for dead changes nothing any more', async () => {
    const job = await setup.create();
    const [started, goOn] = [gate(), gate()];
    const register = jest.fn(nothingMade);
    const first = workerOf(async (_job, _credentials, reports) => {
      reports.progress({ step: JobStep.PULLING, progress: 1 });
      started.open();
      await goOn.passed;
      reports.warn({ code: 'LATE', message: 'of the first run' });
      return register;
    });
    const work = first.work(job.id);
    await started.passed;
    const second = workerOf(async (_job, _credentials, reports) => {
      reports.progress({ step: JobStep.PUSHING, progress: 2 });
      goOn.open();
      await work;
      return nothingMade;
    });
    expect((await second.recover()).map(({ id }) => id)).toContain(job.id);
    await second.work(job.id);
    expect(register).not.toHaveBeenCalled();
    expect(await setup.read(job)).toMatchObject({ status: 'SUCCEEDED', attempt: 2, warnings: [] });
    expect(await statusesOf(job)).toEqual(['QUEUED', 'RUNNING', 'QUEUED', 'RUNNING', 'SUCCEEDED']);
  });

  it('is nothing where no job runs', () => {
    const worker = workerOf(async () => nothingMade);
    worker.stop('f'.repeat(24));
    worker.stopAll();
  });
});
