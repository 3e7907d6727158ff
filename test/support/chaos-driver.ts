// Starts conversions and disturbs them: cancels, kills, restarts, retries, signatures. What it does follows from chance;
// when it does it, from the steps that jobs come to.
import { setTimeout } from 'node:timers/promises';
import { ChaosClients } from './chaos-clients.js';
import type { Conversion, ListedJob, Status } from './chaos-clients.js';
import type { ChaosGateway } from './chaos-gateway.js';
import { IMAGES } from './chaos-images.js';
import { pick, shuffled } from './chaos-random.js';
import type { Random } from './chaos-random.js';
import type { Signer } from './signers.js';

const OPEN: Status[] = ['QUEUED', 'RUNNING'];
/** No more conversions are started while so many are open. */
const MAX_OPEN = 6;
const MAX_START_MS = 2_000;
const LOOK_EVERY_MS = 25;
const MAX_LOOKS = 40;
const STUCK_AFTER_MS = 90_000;

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
  readonly clients: ChaosClients;
  private made = 0;

  constructor(
    private readonly gateway: ChaosGateway,
    /** `host` is where images come from and go to. */
    private readonly world: { host: string; signer: Signer },
    private readonly random: Random,
  ) {
    this.clients = new ChaosClients(gateway, world.signer);
  }

  async follow(plan: readonly Deed[]): Promise<void> {
    for (const deed of plan) await this[deed]();
  }

  /** Waits until every job is final; gives those that wait for a signature one, or cancels them. Throws where one sticks. */
  async settle(): Promise<void> {
    for (let [before, since] = ['', Date.now()]; ;) {
      const open = await this.clients.jobs([...OPEN, 'WAITING']);
      if (open.length === 0) return;
      const now = JSON.stringify(open);
      if (now !== before) [before, since] = [now, Date.now()];
      if (Date.now() - since > STUCK_AFTER_MS) throw new Error(`These do not end: ${now}`);
      for (const job of open.filter(({ status }) => status === 'WAITING')) await this.end(job);
      await setTimeout(LOOK_EVERY_MS);
    }
  }

  /** Tries failed jobs again; their ids. */
  async retryFailed(most: number): Promise<string[]> {
    const failed = shuffled(this.random, await this.clients.jobs(['FAILED'])).slice(0, most);
    const retries: string[] = [];
    for (const job of failed) retries.push(...(await this.clients.retry(job)));
    return retries;
  }

  private async convert(): Promise<void> {
    await this.until(async () => (await this.clients.jobs(OPEN)).length < MAX_OPEN);
    const conversion = this.newConversion();
    const again = this.random() < 0.5 ? 1 : 2;
    const times = conversion.input.idempotencyKey === undefined ? 1 : again;
    await Promise.all(Array.from({ length: times }, () => this.clients.start(conversion)));
  }

  private async killGateway(): Promise<void> {
    await this.moment();
    // As on a machine that swaps: what converted for the one that died goes on while another one is there.
    const frozen = this.random() < 0.4 ? await this.gateway.children() : [];
    for (const pid of frozen) kill(pid, 'SIGSTOP');
    await this.interrupt('SIGKILL').finally(() => {
      for (const pid of frozen) kill(pid, 'SIGCONT');
    });
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
    const builds = await this.clients.builds(account);
    if (builds.length > 0) await this.clients.reproduce(account, pick(this.random, builds));
  }

  private async killChild(): Promise<void> {
    await this.moment();
    const children = await this.gateway.children();
    if (children.length > 0) kill(pick(this.random, children), 'SIGKILL');
  }

  private async cancel(): Promise<void> {
    await this.moment();
    const jobs = await this.clients.jobs([...OPEN, 'WAITING']);
    if (jobs.length > 0) await this.clients.cancel(pick(this.random, jobs));
  }

  private async retry(): Promise<void> {
    const jobs = await this.clients.jobs(['FAILED', 'CANCELLED']);
    if (jobs.length === 0) return;
    const job = pick(this.random, jobs);
    await Promise.all([this.clients.retry(job), this.clients.retry(job)]);
  }

  private async sign(): Promise<void> {
    const jobs = await this.clients.jobs(['WAITING']);
    if (jobs.length > 0) await this.end(pick(this.random, jobs));
  }

  /** Ends the process while it is asked for a conversion, and asks again afterwards, by the same key. */
  private async interrupt(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const conversion = this.newConversion();
    conversion.input.idempotencyKey ??= `interrupted-${this.made}`;
    const asked = this.clients.start(conversion).catch(() => undefined);
    await setTimeout(this.random() * 20);
    await this.gateway.restart(signal);
    await asked;
    await this.clients.start(conversion);
  }

  private newConversion(): Conversion {
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

  private async end(job: ListedJob): Promise<void> {
    const ways = [
      () => this.clients.attach(job),
      () => this.clients.cancel(job),
      () => Promise.all([this.clients.attach(job), this.clients.attach(job)]),
      () => Promise.all([this.clients.attach(job), this.clients.cancel(job)]),
    ];
    await pick(this.random, ways)();
  }

  /** Waits for a job to come to a step that chance names, or for long enough. */
  private async moment(): Promise<void> {
    const step = pick(this.random, ['PULLING', 'BUILDING', 'PUSHING', undefined]);
    let looks = 0;
    await this.until(async () => {
      const open = await this.clients.jobs(OPEN);
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
