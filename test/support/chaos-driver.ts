// Starts conversions and disturbs them: cancels, kills, restarts, retries, signatures. What it does follows from chance;
// when it does it, from the steps that jobs come to.
import { sign } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { ResultOf } from '@graphql-typed-document-node/core';
import type { ChaosGateway } from './chaos-gateway.js';
import { IMAGES } from './chaos-images.js';
import { ChaosAttach, ChaosBuilds, ChaosJobs, ChaosReproduce, ChaosRetry } from './chaos-operations.js';
import { pick, shuffled } from './chaos-random.js';
import type { Random } from './chaos-random.js';
import { startConversion } from './conversions.js';
import { CancelJob, WatchJob } from './operations.js';
import type { Signer } from './signers.js';

type Status = ResultOf<typeof ChaosJobs>['jobs']['nodes'][number]['status'];
type ListedJob = ResultOf<typeof ChaosJobs>['jobs']['nodes'][number] & { account: number };

const OPEN: Status[] = ['QUEUED', 'RUNNING'];
const FINAL: Status[] = ['SUCCEEDED', 'FAILED', 'CANCELLED'];
/** More than there are restarts. */
const MAX_TRIES = 50;
/** No more conversions are started while so many are open. */
const MAX_OPEN = 6;
const MAX_START_MS = 2_000;
const LOOK_EVERY_MS = 25;
const MAX_LOOKS = 40;

const DISTURBANCES = {
  killChild: 1 / 6,
  cancel: 1 / 6,
  retry: 1 / 6,
  sign: 1 / 8,
  reproduce: 1 / 10,
  killGateway: 1 / 20,
  stopGateway: 1 / 20,
  /** The second time while it takes over what the first one left. */
  killGatewayTwice: 1 / 40,
};
/** Left out where few conversions are started: a process takes long to start, and the last end is a stop too. */
const AT_SCALE: string[] = ['stopGateway', 'killGatewayTwice', 'reproduce'];
export type Deed = 'convert' | keyof typeof DISTURBANCES;

/** So many conversions and what befalls them: each disturbance once at least, but for some. */
export function planOf(random: Random, conversions: number): Deed[] {
  const disturbances = Object.entries(DISTURBANCES) as [Deed, number][];
  const others = disturbances.flatMap(([deed, share]) =>
    Array<Deed>(Math.max(AT_SCALE.includes(deed) ? 0 : 1, Math.round(share * conversions))).fill(deed),
  );
  const first = Array<Deed>(Math.min(4, conversions)).fill('convert');
  const rest = Array<Deed>(conversions - first.length).fill('convert');
  return [...first, ...shuffled(random, [...rest, ...others])];
}

export class ChaosDriver {
  /** Ids that the gateway answered with. */
  readonly acknowledged = new Set<string>();
  readonly cancelled = new Set<string>();
  /** What came of each idempotency key. */
  readonly byKey = new Map<string, Set<string>>();
  /** Numbers of the events that were seen of each job, over every interruption. */
  readonly seen = new Map<string, number[]>();
  private readonly watches: Promise<unknown>[] = [];
  private made = 0;

  constructor(
    private readonly gateway: ChaosGateway,
    /** `host` is where images come from and go to. */
    private readonly world: { host: string; signer: Signer },
    private readonly random: Random,
  ) {}

  async follow(plan: readonly Deed[]): Promise<void> {
    for (const deed of plan) await this[deed]();
  }

  /** Waits until every job is final; gives those that wait for a signature one, or cancels them. */
  async settle(): Promise<void> {
    for (;;) {
      const open = await this.jobs([...OPEN, 'WAITING']);
      if (open.length === 0) return;
      for (const job of open.filter(({ status }) => status === 'WAITING')) await this.end(job);
      await setTimeout(LOOK_EVERY_MS);
    }
  }

  /** Resolves once every job was seen to end; what went wrong with watching. */
  async watched(): Promise<unknown[]> {
    return (await Promise.all(this.watches)).filter((error) => error !== undefined);
  }

  /** Tries failed jobs again; their ids. */
  async retryFailed(most: number): Promise<string[]> {
    const failed = shuffled(this.random, await this.jobs(['FAILED'])).slice(0, most);
    const retries: string[] = [];
    for (const job of failed) retries.push(...(await this.retryOnce(job)));
    return retries;
  }

  private async convert(): Promise<void> {
    await this.until(async () => (await this.jobs(OPEN)).length < MAX_OPEN);
    const conversion = this.newConversion();
    const again = this.random() < 0.5 ? 1 : 2;
    const times = conversion.input.idempotencyKey === undefined ? 1 : again;
    await Promise.all(Array.from({ length: times }, () => this.start(conversion)));
  }

  private async killGateway(): Promise<void> {
    await this.moment();
    // As on a machine that swaps: what converted for the one that died goes on while another one is there.
    const frozen = this.random() < 0.4 ? await this.gateway.children() : [];
    for (const pid of frozen) kill(pid, 'SIGSTOP');
    await this.interrupt('SIGKILL');
    for (const pid of frozen) kill(pid, 'SIGCONT');
  }

  private async stopGateway(): Promise<void> {
    await this.moment();
    await this.interrupt('SIGTERM');
  }

  private async killGatewayTwice(): Promise<void> {
    await this.moment();
    await this.gateway.stumble(this.random() * MAX_START_MS);
  }

  private async reproduce(): Promise<void> {
    const account = Math.floor(this.random() * 2);
    const client = (await this.gateway.clients())[account]!;
    const { edges } = (await client.ask(ChaosBuilds)).builds;
    if (edges.length === 0) return;
    const { reproduceBuild } = await client.ask(ChaosReproduce, { buildId: pick(this.random, edges).node.id });
    this.acknowledge(account, reproduceBuild.job!.id);
  }

  private async killChild(): Promise<void> {
    await this.moment();
    const children = await this.gateway.children();
    if (children.length > 0) kill(pick(this.random, children), 'SIGKILL');
  }

  private async cancel(): Promise<void> {
    await this.moment();
    const jobs = await this.jobs([...OPEN, 'WAITING']);
    if (jobs.length > 0) await this.cancelJob(pick(this.random, jobs));
  }

  private async retry(): Promise<void> {
    const jobs = await this.jobs(['FAILED', 'CANCELLED']);
    if (jobs.length === 0) return;
    const job = pick(this.random, jobs);
    await Promise.all([this.retryOnce(job), this.retryOnce(job)]);
  }

  private async sign(): Promise<void> {
    const jobs = await this.jobs(['WAITING']);
    if (jobs.length > 0) await this.end(pick(this.random, jobs));
  }

  /** Ends the process while it is asked for a conversion, and asks again afterwards, by the same key. */
  private async interrupt(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const conversion = this.newConversion();
    conversion.input.idempotencyKey ??= `interrupted-${this.made}`;
    const asked = this.start(conversion).catch(() => undefined);
    await setTimeout(this.random() * 20);
    await this.gateway.restart(signal);
    await asked;
    await this.start(conversion);
  }

  private newConversion(): { account: number; input: Conversion } {
    const { host, signer } = this.world;
    const { random } = this;
    this.made += 1;
    const often = (share: number) => random() < share;
    const tag = often(0.3) ? 'shared' : String(this.made);
    const auth = often(0.3) ? { username: 'somebody', password: 'a password of no use' } : undefined;
    const signing = often(0.15) ? { by: 'EXTERNAL', certificate: signer.certificate } : undefined;
    const input = {
      inputImage: { name: `${host}/${pick(random, IMAGES)}`, auth },
      outputImage: often(0.5) ? { name: `${host}/out/eif:${tag}`, auth } : undefined,
      converterOptions: often(0.3) ? { envVars: ['GREETING=hello'] } : undefined,
      ...{ signing, register: !often(0.1), idempotencyKey: often(0.4) ? `key-${this.made}` : undefined },
    };
    return { account: Math.floor(random() * 2), input };
  }

  private async start({ account, input }: { account: number; input: Conversion }): Promise<void> {
    const client = (await this.gateway.clients())[account]!;
    const id = await startConversion(client, input);
    this.acknowledge(account, id);
    const { idempotencyKey: key } = input;
    if (key !== undefined) this.byKey.set(key, (this.byKey.get(key) ?? new Set()).add(id));
  }

  private acknowledge(account: number, id: string): void {
    if (this.acknowledged.has(id)) return;
    this.acknowledged.add(id);
    this.watches.push(this.watch(account, id).catch((error: unknown) => error));
  }

  /** Follows a job to its end as a front end does: after an interruption, from the last event on. */
  private async watch(account: number, jobId: string): Promise<void> {
    const seen: number[] = [];
    this.seen.set(jobId, seen);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const client = (await this.gateway.clients())[account]!;
      try {
        for await (const { data, errors } of client.subscribe(WatchJob, { jobId, afterSeq: seen.at(-1) ?? 0 })) {
          if (!data) throw new Error(JSON.stringify(errors));
          const { seq, kind, status } = data.conversionStatus;
          seen.push(seq);
          if (kind === 'STATUS' && FINAL.includes(status)) return;
        }
      } catch (error) {
        if (error instanceof Error) throw error;
        // The socket was closed: that is an event.
      }
    }
    throw new Error(`Job ${jobId} was not seen to end`);
  }

  private async end(job: ListedJob): Promise<void> {
    const ways = [
      () => this.attach(job),
      () => this.cancelJob(job),
      () => Promise.all([this.attach(job), this.attach(job)]),
      () => Promise.all([this.attach(job), this.cancelJob(job)]),
    ];
    await pick(this.random, ways)();
  }

  private async attach({ account, id, signing }: ListedJob): Promise<void> {
    const client = (await this.gateway.clients())[account]!;
    const key = { key: this.world.signer.key, dsaEncoding: 'ieee-p1363' } as const;
    const signature = sign('sha256', Buffer.from(signing!.toBeSigned, 'base64'), key).toString('base64');
    const { attachSignature } = await client.ask(ChaosAttach, { jobId: id, signature });
    expectConflictsOnly(attachSignature.userErrors);
  }

  private async cancelJob({ account, id }: ListedJob): Promise<void> {
    const client = (await this.gateway.clients())[account]!;
    const { cancelJob } = await client.ask(CancelJob, { jobId: id });
    expectConflictsOnly(cancelJob.userErrors);
    if (cancelJob.job) this.cancelled.add(id);
  }

  private async retryOnce({ account, id }: ListedJob): Promise<string[]> {
    const client = (await this.gateway.clients())[account]!;
    const { retryJob } = await client.ask(ChaosRetry, { jobId: id });
    expectConflictsOnly(retryJob.userErrors);
    if (!retryJob.job) return [];
    this.acknowledge(account, retryJob.job.id);
    return [retryJob.job.id];
  }

  private async jobs(status: Status[]): Promise<ListedJob[]> {
    const ofAccount = async (account: number) => {
      const client = (await this.gateway.clients())[account]!;
      const { jobs } = await client.ask(ChaosJobs, { filter: { status } });
      return jobs.nodes.map((job) => ({ ...job, account }));
    };
    return (await Promise.all([ofAccount(0), ofAccount(1)])).flat();
  }

  /** Waits for a job to come to a step that chance names, or for long enough. */
  private async moment(): Promise<void> {
    const step = pick(this.random, ['PULLING', 'BUILDING', 'PUSHING', undefined]);
    let looks = 0;
    await this.until(async () => {
      const open = await this.jobs(OPEN);
      return open.length === 0 || open.some((job) => job.step === step) || ++looks > MAX_LOOKS || step === undefined;
    });
  }

  private async until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) await setTimeout(LOOK_EVERY_MS);
  }
}

/** Unless it ended by itself just now. */
function kill(pid: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

interface Conversion {
  idempotencyKey?: string;
}

function expectConflictsOnly(userErrors: { code: string; message: string }[]): void {
  expect(userErrors.filter(({ code }) => code !== 'CONFLICT')).toEqual([]);
}
