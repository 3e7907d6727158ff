// `npm run demo` and `npm start` as a newcomer runs them.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { packageRoot } from '../../src/lib/package-root.js';
import { temporaryFolder } from '../support/folders.js';

const started: ChildProcess[] = [];
afterAll(() => started.forEach((child) => child.kill('SIGKILL')));

interface Script {
  /** Resolves to all it wrote once it wrote the text. */
  says(text: string): Promise<string>;
  /** Its exit code after a signal, or after its own end. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

function npm(script: string[], environment: Record<string, string>): Script {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...environment };
  const child = spawn('npm', ['--silent', ...script], { cwd: packageRoot, env, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let output = '';
  const listeners: (() => void)[] = [];
  const read = (chunk: Buffer) => {
    output += chunk.toString();
    listeners.forEach((listener) => listener());
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return {
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => output.includes(text) && resolve(output);
        listeners.push(look);
        look();
        void ended.then((code) => reject(new Error(`It ended with ${code} and said: ${output}`)));
      }),
    end(signal) {
      if (signal) child.kill(signal);
      return ended;
    },
  };
}

describe('npm run demo', () => {
  const folder = temporaryFolder();

  it.each(['first', 'second'])('converts an image live, says what to try, and stays up, the %s time', async () => {
    const demo = npm(['run', 'demo'], { DEMO_DATA_DIR: folder, PORT: '0' });
    const output = await demo.says('npm run demo` again');
    expect(output).toMatch(/SUCCEEDED[^]*PCR0 {3}[0-9a-f]{96}[^]*PCR2 {3}[0-9a-f]{96}/);
    expect(output).toContain('NOT_BOOTABLE');
    const [, url, token] = /(http:\S+)\/graphiql#token=(\S+)/.exec(output)!;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const body = JSON.stringify({ query: '{ apps { totalCount } builds { nodes { warnings { code } } } }' });
    const { data } = (await (await fetch(`${url}/graphql`, { method: 'POST', headers, body })).json()) as any;
    expect(data.apps.totalCount).toBe(2);
    expect(data.builds.nodes[0].warnings).toContainEqual({ code: 'NOT_BOOTABLE' });
    await demo.end('SIGINT');
  });

  it('says what to do where the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const demo = npm(['run', 'demo'], { DEMO_DATA_DIR: temporaryFolder(), PORT: String(port) });
    const output = demo.says('set PORT to another one');
    expect(await demo.end()).not.toBe(0);
    expect(await output).toContain(`Port ${port}`);
    server.close();
  });
});

describe('npm start', () => {
  it('says where the gateway is and ends well on SIGTERM', async () => {
    const gateway = npm(['start'], { DATA_DIR: temporaryFolder(), PORT: '0' });
    const output = await gateway.says('admin.token');
    const [, url] = /is at (http:\S+)/.exec(output)!;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await gateway.end('SIGTERM');
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it('refuses a folder that another gateway works in', async () => {
    const folder = temporaryFolder();
    const first = npm(['start'], { DATA_DIR: folder, PORT: '0' });
    await first.says('admin.token');
    const second = npm(['start'], { DATA_DIR: folder, PORT: '0' });
    const output = second.says('in use by another gateway');
    expect(await second.end()).toBe(1);
    expect(await output).toContain('DATA_DIR');
    await first.end('SIGTERM');
  });

  it('names the variable whose value can not be right', async () => {
    const gateway = npm(['start'], { DATA_DIR: temporaryFolder(), PORT: 'http' });
    const output = gateway.says('PORT must be');
    expect(await gateway.end()).toBe(1);
    expect(await output).not.toMatch(/ {4}at /);
  });
});
