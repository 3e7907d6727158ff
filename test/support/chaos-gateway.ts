// One gateway that lives through many processes on the same folder, database and port, with clients of two accounts.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { connect } from './graphql-client.js';
import type { GraphqlClient } from './graphql-client.js';
import { startGatewayProcess } from './gateway-process.js';
import type { GatewayProcess } from './gateway-process.js';
import { call, PASSWORD, signIn } from './people.js';

const LOOK_EVERY_MS = 25;
const MAX_LOOKS = 400;

interface Life {
  process: GatewayProcess;
  /** Of each account. */
  clients: GraphqlClient[];
}

export class ChaosGateway {
  private logs: string[] = [];
  private port = '0';
  private otherToken = '';
  private life: Promise<Life>;

  /** @param environment whose DATA_DIR is also in the PATH, which all the gateway's processes get */
  constructor(private readonly environment: Record<string, string>) {
    this.life = this.begin();
  }

  /** Waits for the process that is being started, if so. */
  async clients(): Promise<GraphqlClient[]> {
    return (await this.life).clients;
  }

  /** Ends it and starts it again; resolves once it is there. A gateway that is told to stop must end well. */
  async restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const ended = this.end(signal);
    this.life = ended.then(() => this.begin());
    await this.life;
  }

  /** Kills it, kills the next process so long after it began, and starts another one. */
  async stumble(afterMs: number): Promise<void> {
    const ended = this.end('SIGKILL');
    this.life = ended.then(async () => {
      const starting = this.begin().catch(() => undefined);
      await setTimeout(afterMs);
      const mains = this.processes().filter((pid) => textOf(`/proc/${pid}/cmdline`).includes('main.js'));
      for (const pid of mains) process.kill(pid, 'SIGKILL');
      // It may have been there already.
      const life = await starting;
      await life?.process.kill('SIGKILL');
      return this.begin();
    });
    await this.life;
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { process: main, clients } = await this.life;
    const code = await main.kill(signal);
    this.logs.push(main.output());
    await Promise.all(clients.map((client) => client.dispose()));
    if (signal === 'SIGTERM' && code !== 0) throw new Error(`The gateway ended with ${code}: ${main.output()}`);
  }

  /** The processes that convert. */
  async children(): Promise<number[]> {
    const { pid } = (await this.life).process;
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    // Nothing is no process: killing 0 would end the tests.
    return (text.match(/[1-9]\d*/g) ?? []).map(Number);
  }

  /** What is still there of any of its lives, after a while at most. */
  async leftOver(): Promise<number[]> {
    for (let looks = 0; looks < MAX_LOOKS && this.processes().length > 0; looks++) await setTimeout(LOOK_EVERY_MS);
    return this.processes();
  }

  private processes(): number[] {
    const mark = this.environment.DATA_DIR!;
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.filter((pid) => textOf(`/proc/${pid}/environ`).includes(mark)).map(Number);
  }

  /** Lines of its log from `error` on, as far as it has ended. */
  errors(): string[] {
    const lines = this.logs.flatMap((text) => text.split('\n'));
    return lines.filter((line) => line.startsWith('{') && (JSON.parse(line) as { level: number }).level >= 50);
  }

  private async begin(): Promise<Life> {
    const main = await startGatewayProcess({ ...this.environment, PORT: this.port });
    this.port = new URL(main.url).port;
    this.otherToken ||= await newAccount(main);
    return { process: main, clients: [main, connect(main.url, this.otherToken)] };
  }
}

async function newAccount(gateway: GatewayProcess): Promise<string> {
  const email = 'other@acme.example';
  await call(gateway, 'POST', '/v1/users', { body: { user_email: email, user_password: PASSWORD } });
  const token = (await signIn(gateway, email)).body.access_token as string;
  const { body } = await call(gateway, 'POST', '/v1/accounts', { token, body: { name: 'other' } });
  await call(gateway, 'POST', `/v1/sys/session/select_account/${body.acct_id}`, { token });
  return token;
}

/** Empty for a process that ended meanwhile. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
