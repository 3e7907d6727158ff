import { JobEventKind, JobStatus } from '../../src/events/job-event.entity.js';
import { JobStep } from '../../src/events/job-step.js';
import type { JobChange } from '../../src/jobs/job-state.js';
import { applyChange } from '../../src/jobs/job-state.js';
import { Job } from '../../src/jobs/job.entity.js';
import { JobFailureCode } from '../../src/lib/job-failure.js';

const AT = new Date(1_000);
const LATER = new Date(2_000);
const FAILURE = { code: JobFailureCode.DISK_FULL, message: 'no room', hint: 'make some' };

const jobWith = (change: Partial<Job> = {}) =>
  Object.assign(
    new Job(),
    { accountId: 'account', id: 'job', status: JobStatus.QUEUED, step: null, progress: 0, attempt: 0, lastSeq: 1 },
    { sealedCredentials: 'sealed', joinKey: 'join', warnings: [], startedAt: null, finishedAt: null, failure: null },
    change,
  );
const running = () => jobWith({ status: JobStatus.RUNNING, step: JobStep.BUILDING, progress: 42, attempt: 1 });

describe('a job', () => {
  it('starts as a new attempt from the beginning, and remembers when it first did', () => {
    const job = jobWith({ progress: 42, attempt: 1 });
    expect(applyChange(job, { type: 'started' }, AT)).toMatchObject({
      ...{ seq: 2, kind: JobEventKind.STATUS, status: JobStatus.RUNNING, progress: 0, at: AT },
    });
    expect(job).toMatchObject({ status: JobStatus.RUNNING, attempt: 2, progress: 0, startedAt: AT });
    applyChange(job, { type: 'queued' }, LATER);
    applyChange(job, { type: 'started' }, LATER);
    expect(job).toMatchObject({ attempt: 3, startedAt: AT });
  });

  it('tells of progress with bytes where they are known', () => {
    const job = running();
    const change = { type: 'progressed', step: JobStep.PUSHING, progress: 90 } as const;
    const event = applyChange(job, { ...change, bytesDone: 0, bytesTotal: 7 }, AT);
    expect(event).toMatchObject({
      kind: JobEventKind.PROGRESS,
      status: JobStatus.RUNNING,
      bytesDone: 0,
      bytesTotal: 7,
    });
    expect(event).toMatchObject({ step: JobStep.PUSHING, progress: 90, code: null, message: null, buildId: null });
    expect(job).toMatchObject({ step: JobStep.PUSHING, progress: 90 });
    expect(applyChange(job, change, AT)).toMatchObject({ bytesDone: null, bytesTotal: null });
  });

  it('keeps and tells each warning once', () => {
    const job = running();
    const warn = (code: string, message: string) =>
      applyChange(job, { type: 'warned', warning: { code, message } }, AT);
    expect(warn('A', 'one')).toMatchObject({ kind: JobEventKind.WARNING, code: 'A', message: 'one', seq: 2 });
    expect(warn('A', 'one')).toBeUndefined();
    expect(warn('A', 'two')).toMatchObject({ seq: 3 });
    expect(job.warnings).toEqual([
      { code: 'A', message: 'one' },
      { code: 'A', message: 'two' },
    ]);
    expect(job.lastSeq).toBe(3);
  });

  it('keeps a hundred warnings, and tells of more', () => {
    const job = running();
    for (let index = 0; index < 150; index += 1) {
      const warning = { code: 'A', message: String(index) };
      expect(applyChange(job, { type: 'warned', warning }, AT)).toBeDefined();
    }
    expect([job.warnings.length, job.lastSeq]).toEqual([100, 151]);
  });

  it('notes its boot blobs without a word', () => {
    const job = running();
    const bootBlobs = [{ name: 'init', sha256: 'ab', sizeBytes: 1 }];
    expect(applyChange(job, { type: 'noted', bootBlobs }, AT)).toBeUndefined();
    expect(job).toMatchObject({ bootBlobs, lastSeq: 1 });
  });

  it('tells each line of its log, the same one twice too, and keeps none', () => {
    const job = running();
    for (const seq of [2, 3]) {
      const event = applyChange(job, { type: 'logged', message: 'a line' }, AT);
      expect(event).toMatchObject({ seq, kind: JobEventKind.LOG, message: 'a line', code: null, progress: 42 });
    }
    expect(job.warnings).toEqual([]);
  });

  it('waits for a signature with what is to be signed, is queued once it has it, and keeps its secrets for that', () => {
    const job = running();
    const signing = { algorithm: 'ES384', pcr0: 'p', digest: 'd', toBeSigned: 't', pcr8: '8', imageDigest: 'i' };
    const waiting = applyChange(job, { type: 'waiting', signing: { ...signing, expiresAt: LATER } }, AT);
    expect(waiting).toMatchObject({ kind: JobEventKind.STATUS, status: JobStatus.WAITING, step: null, progress: 42 });
    const kept = { sealedCredentials: 'sealed', joinKey: 'join', finishedAt: null, step: null };
    expect(job).toMatchObject({ ...kept, status: JobStatus.WAITING, signing });
    const signed = applyChange(job, { type: 'signed', signature: 'rs' }, LATER);
    expect(signed).toMatchObject({ kind: JobEventKind.STATUS, status: JobStatus.QUEUED, seq: 3 });
    expect(job).toMatchObject({ ...kept, status: JobStatus.QUEUED, signing: { ...signing, signature: 'rs' } });
    expect(JSON.stringify([waiting, signed])).not.toContain('rs');
  });

  it('has the verdict of a reproduction at its end', () => {
    const job = running();
    const reproduction = { verdict: 'IDENTICAL' as const, section: null, file: null, measurements: [] };
    applyChange(job, { type: 'succeeded', buildId: 'build', outputImage: null, reproduction }, AT);
    expect(job).toMatchObject({ status: JobStatus.SUCCEEDED, buildId: 'build', reproduction });
  });

  it('goes back to the queue without a step, and keeps what it needs', () => {
    const job = running();
    expect(applyChange(job, { type: 'queued' }, AT)).toMatchObject({ status: JobStatus.QUEUED, step: null });
    expect(job).toMatchObject({ step: null, sealedCredentials: 'sealed', joinKey: 'join', finishedAt: null });
  });

  it.each<[JobChange, object, object]>([
    [
      { type: 'succeeded', buildId: 'build', outputImage: null },
      { status: JobStatus.SUCCEEDED, progress: 100, buildId: 'build' },
      { buildId: 'build', progress: 100, code: null },
    ],
    [
      { type: 'failed', failure: FAILURE },
      { status: JobStatus.FAILED, progress: 42, failure: FAILURE },
      { code: 'DISK_FULL', message: 'no room', progress: 42 },
    ],
    [{ type: 'cancelled' }, { status: JobStatus.CANCELLED, failure: null }, { code: null, message: null }],
  ])('forgets secrets, its step and who may join it at the end: %j', (change, after, told) => {
    const job = running();
    const event = applyChange(job, change, AT);
    expect(job).toMatchObject({ ...after, step: null, sealedCredentials: null, joinKey: null, finishedAt: AT });
    expect(event).toMatchObject({ ...told, kind: JobEventKind.STATUS, status: job.status, step: null, seq: 2 });
    expect(event).toMatchObject({ accountId: 'account', jobId: 'job', at: AT });
  });
});
