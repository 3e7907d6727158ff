import { JobEvent } from '../../src/events/job-event.entity.js';
import { Job } from '../../src/jobs/job.entity.js';
import { EqualJobAtOnce } from '../../src/jobs/job.service.js';
import type { NewJob } from '../../src/jobs/job.service.js';
import { onEachDatabase } from '../support/databases.js';
import { newJob, setUpJobs } from './job-setup.js';
import type { JobSetup } from './job-setup.js';

onEachDatabase('asking for a job', (kind) => {
  let setup: JobSetup;
  beforeAll(async () => {
    setup = await setUpJobs(kind);
  });
  afterAll(() => setup.close());

  const ask = (wanted: Partial<NewJob>, principal = setup.principal) => {
    const create = () => setup.inTransaction((tx) => setup.jobs.create(tx, principal, newJob(wanted)));
    return create().catch((error: unknown) => {
      if (error instanceof EqualJobAtOnce) return create();
      throw error;
    });
  };
  const end = (job: Job) => setup.inTransaction((tx) => setup.jobs.cancel(tx, job.accountId, job.id));
  const inputOf = (name: string) => ({ input: { image: name } });

  it('makes one in the queue, and its first event', async () => {
    const outputImage = { name: '/acme/hello:1', digest: null, sizeBytes: null };
    const { job, isNew } = await ask({ ...inputOf('first'), outputImage });
    expect(isNew).toBe(true);
    expect(await setup.read(job)).toMatchObject({
      ...{ status: 'QUEUED', attempt: 0, progress: 0, lastSeq: 1, outputImage, input: { image: 'first' } },
      requester: { type: 'TOKEN', id: setup.principal.tokenId, name: 'test' },
    });
    const events = await setup.events.list(job.accountId, job.id, 0, 50);
    expect(events).toMatchObject([{ seq: 1, kind: 'STATUS', status: 'QUEUED', step: null }]);
  });

  it('makes another one each time where no key is given', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => ask(inputOf('again'))));
    expect(new Set(answers.map(({ job }) => job.id)).size).toBe(3);
  });

  it('answers the same job for the same key, also at the same moment and after its end', async () => {
    const wanted = { ...inputOf('keyed'), idempotencyKey: 'once' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(wanted)));
    const [first] = answers;
    expect(answers.map(({ job }) => job.id)).toEqual(answers.map(() => first!.job.id));
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await setup.reader.countBy(JobEvent, { jobId: first!.job.id })).toBe(1);
    await end(first!.job);
    expect(await ask(wanted)).toMatchObject({ isNew: false, job: { id: first!.job.id, status: 'CANCELLED' } });
  });

  it('answers CONFLICT for a key that stands for something else, be it only other credentials', async () => {
    const idempotencyKey = 'taken';
    await ask({ ...inputOf('a'), credentials: { password: 'x' }, idempotencyKey });
    const conflict = { code: 'CONFLICT', field: ['idempotencyKey'] };
    await expect(ask({ ...inputOf('b'), credentials: { password: 'x' }, idempotencyKey })).rejects.toMatchObject(
      conflict,
    );
    await expect(ask({ ...inputOf('a'), credentials: { password: 'y' }, idempotencyKey })).rejects.toMatchObject(
      conflict,
    );
    const different = [1, 2, 3, 4].map((each) => ask({ ...inputOf(`race ${each}`), idempotencyKey: 'raced' }));
    const outcomes = await Promise.allSettled(different);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(conflict);
  });

  it('takes input with its members in another order for the same', async () => {
    const idempotencyKey = 'ordered';
    const { job } = await ask({ input: { a: 1, b: { c: 2, d: 3 } }, idempotencyKey });
    expect(await ask({ input: { b: { d: 3, c: 2 }, a: 1 }, idempotencyKey })).toMatchObject({ job: { id: job.id } });
  });

  it('knows keys within an account only', async () => {
    const wanted = { ...inputOf('shared'), idempotencyKey: 'shared' };
    const [own, other] = [await ask(wanted), await ask(wanted, await setup.createPrincipal())];
    expect(other.isNew).toBe(true);
    expect(other.job.id).not.toBe(own.job.id);
    expect(other.job.inputFingerprint).toBe(own.job.inputFingerprint);
  });

  it('joins an equal job until that is final, also at the same moment', async () => {
    const wanted = { ...inputOf('joined'), join: true };
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(wanted)));
    const [{ job }] = answers as [(typeof answers)[0]];
    expect(new Set(answers.map((answer) => answer.job.id)).size).toBe(1);
    expect((await ask({ ...wanted, ...inputOf('joined not') })).isNew).toBe(true);
    await end(job);
    const next = await ask(wanted);
    expect(next).toMatchObject({ isNew: true });
    expect(next.job.id).not.toBe(job.id);
  });

  it('joins no job of somebody who did not want it', async () => {
    const alone = await ask(inputOf('alone'));
    const joining = await ask({ ...inputOf('alone'), join: true });
    expect([joining.isNew, joining.job.id === alone.job.id]).toEqual([true, false]);
  });

  it('makes a job of its own for a key, though an equal one runs that could be joined', async () => {
    const wanted = { ...inputOf('both'), join: true };
    const joinable = await ask(wanted);
    const keyed = await ask({ ...wanted, idempotencyKey: 'both' });
    expect([keyed.isNew, keyed.job.id === joinable.job.id]).toEqual([true, false]);
    expect(await ask(wanted)).toMatchObject({ isNew: false, job: { id: joinable.job.id } });
    expect(await ask({ ...wanted, idempotencyKey: 'both' })).toMatchObject({ isNew: false, job: { id: keyed.job.id } });
  });

  it('makes nothing when the transaction is rolled back', async () => {
    const failing = setup.inTransaction(async (tx) => {
      await setup.jobs.create(tx, setup.principal, newJob({ idempotencyKey: 'undone' }));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await setup.reader.countBy(Job, { idempotencyKey: 'undone' })).toBe(0);
  });
});
