// A gateway in a process of its own, as `npm start` runs it, so that a test can kill it.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from './graphql-client.js';
import type { GraphqlClient } from './graphql-client.js';

const MAIN = join(__dirname, '..', '..', 'dist', 'src', 'main.js');
const running = new Set<ChildProcess>();

afterAll(async () => {
  for (const child of running) await kill(child, 'SIGKILL');
});

export interface GatewayProcess extends GraphqlClient {
  url: string;
  token: string;
  pid: number;
  /** Everything it wrote so far. */
  output(): string;
  /** Resolves once the process has ended and all its output is here. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
}

export async function startGatewayProcess(environment: Record<string, string>): Promise<GatewayProcess> {
  const env = { PATH: process.env.PATH, PORT: '0', LOG_LEVEL: 'info', ...environment };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const [, found] = /is at (http:\S+)/.exec(output) ?? [];
      if (found && output.includes('admin.token')) resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`The gateway ended with ${code}: ${output}`)));
  });
  const token = readFileSync(join(environment.DATA_DIR!, 'admin.token'), 'utf8').trim();
  const client = connect(url, token);
  return {
    ...client,
    url,
    token,
    pid: child.pid!,
    output: () => output,
    async kill(signal) {
      await client.dispose();
      return kill(child, signal);
    },
  };
}

function kill(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  child.kill(signal);
  return ended;
}
