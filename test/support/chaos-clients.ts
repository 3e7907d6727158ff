// Asks a gateway that comes and goes, and remembers what it answered.
import { sign } from 'node:crypto';
import type { ResultOf } from '@graphql-typed-document-node/core';
import type { ChaosGateway } from './chaos-gateway.js';
import { ChaosAttach, ChaosBuilds, ChaosJobs, ChaosReproduce, ChaosRetry } from './chaos-operations.js';
import { startConversion } from './conversions.js';
import type { GraphqlClient } from './graphql-client.js';
import { CancelJob, WatchJob } from './operations.js';
import type { Signer } from './signers.js';

export type Status = ResultOf<typeof ChaosJobs>['jobs']['nodes'][number]['status'];
export type ListedJob = ResultOf<typeof ChaosJobs>['jobs']['nodes'][number] & { account: number };

export interface Conversion {
  account: number;
  input: { idempotencyKey?: string };
}

const FINAL: Status[] = ['SUCCEEDED', 'FAILED', 'CANCELLED'];
/** More than there are restarts. */
const MAX_TRIES = 50;

export class ChaosClients {
  /** Ids that the gateway answered with. */
  readonly acknowledged = new Set<string>();
  readonly cancelled = new Set<string>();
  /** What came of each idempotency key. */
  readonly byKey = new Map<string, Set<string>>();
  /** Numbers of the events that were seen of each job, over every interruption. */
  readonly seen = new Map<string, number[]>();
  private readonly watches: Promise<unknown>[] = [];

  constructor(
    private readonly gateway: ChaosGateway,
    private readonly signer: Signer,
  ) {}

  /** Resolves once every job was seen to end; what went wrong with watching. */
  async watched(): Promise<unknown[]> {
    return (await Promise.all(this.watches)).filter((error) => error !== undefined);
  }

  async start({ account, input }: Conversion): Promise<void> {
    const client = await this.of(account);
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
      const client = await this.of(account);
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

  async attach({ account, id, signing }: ListedJob): Promise<void> {
    const client = await this.of(account);
    const key = { key: this.signer.key, dsaEncoding: 'ieee-p1363' } as const;
    const signature = sign('sha256', Buffer.from(signing!.toBeSigned, 'base64'), key).toString('base64');
    const { attachSignature } = await client.ask(ChaosAttach, { jobId: id, signature });
    expectConflictsOnly(attachSignature.userErrors);
  }

  async cancel({ account, id }: ListedJob): Promise<void> {
    const client = await this.of(account);
    const { cancelJob } = await client.ask(CancelJob, { jobId: id });
    expectConflictsOnly(cancelJob.userErrors);
    if (cancelJob.job) this.cancelled.add(id);
  }

  /** The id of the new job, if there is one. */
  async retry({ account, id }: ListedJob): Promise<string[]> {
    const client = await this.of(account);
    const { retryJob } = await client.ask(ChaosRetry, { jobId: id });
    expectConflictsOnly(retryJob.userErrors);
    if (!retryJob.job) return [];
    this.acknowledge(account, retryJob.job.id);
    return [retryJob.job.id];
  }

  /** Of both accounts. */
  async jobs(status: Status[]): Promise<ListedJob[]> {
    const ofAccount = async (account: number) => {
      const client = await this.of(account);
      const { jobs } = await client.ask(ChaosJobs, { filter: { status } });
      return jobs.nodes.map((job) => ({ ...job, account }));
    };
    return (await Promise.all([ofAccount(0), ofAccount(1)])).flat();
  }

  async reproduce(account: number, buildId: string): Promise<void> {
    const { reproduceBuild } = await (await this.of(account)).ask(ChaosReproduce, { buildId });
    this.acknowledge(account, reproduceBuild.job!.id);
  }

  async builds(account: number): Promise<string[]> {
    const { builds } = await (await this.of(account)).ask(ChaosBuilds);
    return builds.edges.map(({ node }) => node.id);
  }

  private async of(account: number): Promise<GraphqlClient> {
    return (await this.gateway.clients())[account]!;
  }
}

function expectConflictsOnly(userErrors: { code: string; message: string }[]): void {
  expect(userErrors.filter(({ code }) => code !== 'CONFLICT')).toEqual([]);
}
