import { JobStep } from '../../src/events/job-step.js';
import { JobEvent, JobEventKind } from '../../src/events/job-event.entity.js';
import type { JobChange } from '../../src/jobs/job-state.js';
import type { Job } from '../../src/jobs/job.entity.js';
import { setUpJobs } from '../jobs/job-setup.js';
import type { JobSetup } from '../jobs/job-setup.js';
import { onEachDatabase } from '../support/databases.js';

const MANY = 450;
const TERABYTES = 5 * 2 ** 40;

onEachDatabase('the events of a job', (kind) => {
  let setup: JobSetup;
  let run: Job;
  let controller: AbortController;

  beforeAll(async () => {
    setup = await setUpJobs(kind);
  });
  beforeEach(async () => {
    controller = new AbortController();
    const job = await setup.create();
    run = (await setup.inTransaction((tx) => setup.jobs.start(tx, job.id)))!;
  });
  afterAll(() => setup.close());

  const advance = (...changes: JobChange[]) => setup.inTransaction((tx) => setup.jobs.advance(tx, run, changes));
  const progress = (percent: number): JobChange => ({ type: 'progressed', step: JobStep.PULLING, progress: percent });
  const finish = () => advance({ type: 'succeeded', buildId: null, outputImage: null });
  const watch = (afterSeq = 0) => setup.events.watch(run.accountId, run.id, afterSeq, controller.signal);
  const rest = async (events: AsyncGenerator<JobEvent, void>) => {
    const seen = [];
    for await (const { kind: what, seq } of events) seen.push(what === JobEventKind.GAP ? `gap ${seq}` : seq);
    return seen;
  };
  const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

  it('are replayed and then live, each once, for watchers that come at any time', async () => {
    const early = rest(watch());
    await advance(progress(1), progress(2));
    const middle = rest(watch());
    await advance(progress(3));
    await finish();
    expect(await Promise.all([early, middle, rest(watch()), rest(watch(4))])).toEqual([
      ...[upTo(6), upTo(6), upTo(6), [5, 6]],
    ]);
  });

  it('come in more than one page', async () => {
    await advance(...Array.from({ length: MANY }, () => progress(1)));
    await finish();
    expect(await rest(watch())).toEqual(upTo(MANY + 3));
    const page = await setup.events.list(run.accountId, run.id, 100, 7);
    expect(page.map(({ seq }) => seq)).toEqual([101, 102, 103, 104, 105, 106, 107]);
  });

  it('end at once for whoever saw the final one and lost the connection', async () => {
    await finish();
    expect(await rest(watch(3))).toEqual([]);
    expect(await rest(watch(99))).toEqual([]);
  });

  it('begin with a gap where they were pruned below', async () => {
    await advance(progress(1), progress(2), progress(3));
    await finish();
    await setup.inTransaction((tx) =>
      tx.manager
        .createQueryBuilder()
        .delete()
        .from(JobEvent)
        .where('jobId = :id AND seq < 4', { id: run.id })
        .execute(),
    );
    expect(await rest(watch())).toEqual(['gap 3', 4, 5, 6]);
    expect(await rest(watch(1))).toEqual(['gap 3', 4, 5, 6]);
    expect(await rest(watch(3))).toEqual([4, 5, 6]);
    const { value: gap } = await watch().next();
    expect(gap).toMatchObject({ message: 'Events up to number 3 were pruned.', progress: null, jobId: run.id });
  });

  it('are not seen before they are durable, nor when they are rolled back', async () => {
    const failing = setup.inTransaction(async (tx) => {
      await setup.jobs.advance(tx, run, [progress(50)]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    const watching = rest(watch());
    await finish();
    expect(await watching).toEqual([1, 2, 3]);
    expect((await setup.history(run)).map((event) => event.kind)).toEqual(['STATUS', 'STATUS', 'STATUS']);
  });

  it('keep numbers beyond 32 bits', async () => {
    await advance({ ...progress(1), bytesDone: 2 ** 31, bytesTotal: TERABYTES } as JobChange);
    const [event] = await setup.events.list(run.accountId, run.id, 2, 1);
    expect(event).toMatchObject({ bytesDone: 2 ** 31, bytesTotal: TERABYTES, at: expect.any(Date) });
  });

  it('are those of the job alone', async () => {
    const other = await setup.create();
    const stranger = await setup.createPrincipal();
    expect(await setup.events.list(stranger.accountId, run.id, 0, 50)).toEqual([]);
    expect(await setup.events.list(other.accountId, other.id, 0, 50)).toMatchObject([{ jobId: other.id }]);
  });

  it('stop when their watcher goes away', async () => {
    const events = watch(2);
    const next = events.next();
    controller.abort();
    expect(await next).toEqual({ value: undefined, done: true });
  });
});
