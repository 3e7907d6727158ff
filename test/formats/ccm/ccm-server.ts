// CCM's routes over a socket, on services that a test makes up: conversions end when the test says so.
import Fastify from 'fastify';
import type { Caller } from '../../../src/auth/principal.js';
import { Role } from '../../../src/auth/principal.js';
import type { Tokens } from '../../../src/auth/tokens.js';
import type { Build } from '../../../src/builds/build.entity.js';
import type { ConvertNitroImageInput } from '../../../src/conversions/conversion.input.js';
import type { StartOptions } from '../../../src/conversions/conversion.service.js';
import { JobEvents } from '../../../src/events/job-events.js';
import { isFinal, JobEventKind } from '../../../src/events/job-event.entity.js';
import type { JobEvent } from '../../../src/events/job-event.entity.js';
import { InProcessWaker } from '../../../src/events/waker.js';
import { ccmFormat } from '../../../src/formats/ccm/ccm-format.js';
import type { CcmServices } from '../../../src/formats/ccm/ccm-services.js';
import { Job, JobKind } from '../../../src/jobs/job.entity.js';
import { applyChange } from '../../../src/jobs/job-state.js';
import type { JobChange } from '../../../src/jobs/job-state.js';
import { notFound } from '../../../src/lib/errors.js';
import { newHexId } from '../../../src/lib/ids.js';
import type { Logger } from '../../../src/lib/logger.js';
import { mountRoutes } from '../../../src/server/rest.js';

const ACCOUNT = 'account';
const caller: Caller = { accountId: ACCOUNT, userId: null, tokenId: 't', name: 'test', role: Role.WRITER };

export class CcmServer {
  readonly builds = new Map<string, Build>();
  readonly started: (StartOptions & { input: ConvertNitroImageInput })[] = [];
  readonly stopping = new AbortController();
  readonly errors: unknown[] = [];
  /** Ended by the test, or made before it asks. */
  job: Job = newJob();
  url = '';
  private readonly events: JobEvent[] = [];
  private readonly waker = new InProcessWaker();
  private readonly fastify = Fastify({ forceCloseConnections: true });
  private readonly waiting: (() => void)[] = [];

  async start(): Promise<this> {
    // What JobEvents asks of a database, answered from the list.
    const find = async (_entity: unknown, { where }: { where: { seq: { value: number } } }) =>
      this.events.filter(({ seq }) => seq > where.seq.value);
    const existsBy = async () =>
      this.events.some(({ kind, status }) => kind === JobEventKind.STATUS && isFinal(status));
    const events = new JobEvents({ find, existsBy } as never, this.waker);
    const services: Partial<Record<keyof CcmServices, unknown>> = {
      inTransaction: (work: (tx: never) => unknown) => work({} as never),
      builds: { create: () => Promise.reject(new Error('Not here')) },
      buildQuery: { byIds: async (_account: string, ids: string[]) => ids.flatMap((id) => this.builds.get(id) ?? []) },
      conversions: {
        start: async (_principal: unknown, input: ConvertNitroImageInput, options?: StartOptions) =>
          this.begin(input, options),
      },
      jobQuery: {
        get: async (_account: string, id: string) =>
          id === this.job.id ? { ...this.job } : Promise.reject(notFound('job', id)),
      },
      jobEvents: {
        watch: (...args: Parameters<JobEvents['watch']>) => {
          this.waiting.splice(0).forEach((resolve) => resolve());
          return events.watch(...args);
        },
      },
      stopping: this.stopping.signal,
    };
    const { routes } = ccmFormat(services as unknown as CcmServices);
    const tokens = { authenticate: async () => caller } as unknown as Tokens;
    const logger = { error: (what: { err: unknown }) => this.errors.push(what.err) } as unknown as Logger;
    await mountRoutes(this.fastify, { groups: [routes], tokens, logger });
    this.url = await this.fastify.listen({ host: '127.0.0.1', port: 0 });
    return this;
  }

  close(): Promise<void> {
    return this.fastify.close();
  }

  /** Resolves when a client waits for the job. */
  someoneWaits(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  change(change: JobChange): void {
    const event = applyChange(this.job, change, new Date());
    if (event) this.events.push(event);
    this.waker.wake(`job ${ACCOUNT} ${this.job.id}`);
  }

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: 'Bearer token', ...(init.headers as Record<string, string>) };
    return fetch(this.url + path, { redirect: 'manual', ...init, headers });
  }

  private begin(input: ConvertNitroImageInput, options?: StartOptions): Job {
    this.started.push({ input, ...options });
    return { ...this.job };
  }
}

function newJob(): Job {
  const job = Object.assign(new Job(), { accountId: ACCOUNT, id: newHexId(), kind: JobKind.NITRO_CONVERSION });
  Object.assign(job, { step: null, progress: 0, attempt: 0, buildId: null, failure: null, warnings: [], lastSeq: 0 });
  applyChange(job, { type: 'queued' }, new Date());
  return job;
}
