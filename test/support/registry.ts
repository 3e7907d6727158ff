// A real registry (Debian's docker-registry) on a free port of 127.0.0.1: open, with a password, or with tokens.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startTokenServer, TOKEN_ISSUER, TOKEN_SERVICE } from './token-server.js';
import type { TokenServer } from './token-server.js';

export const REGISTRY_USER = { username: 'tester', password: 'correct horse' };
/** bcrypt of the password above. */
const HTPASSWD = 'tester:$2b$05$yCYiO6vSHjLWavPDGKA8e.AsMGEdfwjCb9gFkkhTCxRI7.fw46xZC\n';

export interface TestRegistry {
  /** `127.0.0.1:<port>` */
  host: string;
  /** Present only with `auth: 'token'`. */
  tokens?: TokenServer;
  /** From then on it accepts connections and never answers. */
  pause(): void;
  stop(): Promise<void>;
}

export interface RegistryOptions {
  auth?: 'password' | 'token';
  /** Without it the registry speaks plain http. */
  tls?: { keyFile: string; certificateFile: string };
}

export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'build-catalog-registry-'));
  const { username, password } = REGISTRY_USER;
  const tokens = options.auth === 'token' ? await startTokenServer(folder, username, password) : undefined;
  const configFile = join(folder, 'config.yml');
  writeFileSync(join(folder, 'htpasswd'), HTPASSWD);
  // JSON is YAML too.
  writeFileSync(configFile, JSON.stringify(configuration(folder, options, tokens)));

  const child = spawn('docker-registry', ['serve', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await Promise.all([ended, tokens?.close()]);
    rmSync(folder, { recursive: true, force: true });
  };
  const host = await new Promise<string>((resolve, reject) => {
    const lines: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
      if (lines.length < 50) lines.push(line);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`docker-registry ended:\n${lines.join('\n')}`)));
  });
  return { host, tokens, pause: () => void child.kill('SIGSTOP'), stop };
}

function configuration(folder: string, { auth, tls }: RegistryOptions, tokens?: TokenServer): object {
  const ways = {
    password: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } },
    token: {
      token: {
        realm: `${tokens?.url}/token`,
        service: TOKEN_SERVICE,
        issuer: TOKEN_ISSUER,
        rootcertbundle: tokens?.certificateFile,
      },
    },
  };
  return {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: {
      ...{ addr: '127.0.0.1:0', secret: 'test' },
      ...(tls && { tls: { certificate: tls.certificateFile, key: tls.keyFile } }),
    },
    ...(auth ? { auth: ways[auth] } : {}),
  };
}
