// The built command line, run as a process of its own.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../src/lib/package-root.js';

export const CLI = join(packageRoot, 'dist', 'src', 'cli', 'main.js');

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface StartedCommand {
  process: ChildProcess;
  ended: Promise<CommandResult>;
}

export function startCli(
  args: string[],
  options: { stdin?: string; environment?: NodeJS.ProcessEnv } = {},
): StartedCommand {
  const env = { PATH: process.env.PATH, ...options.environment };
  const child = spawn(process.execPath, [CLI, ...args], { env, stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  child.stdin.end(options.stdin ?? '');
  const ended = new Promise<CommandResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...output }));
  });
  return { process: child, ended };
}

export function runCli(args: string[], options: Parameters<typeof startCli>[1] = {}): Promise<CommandResult> {
  return startCli(args, options).ended;
}

/** Standard output as the events it is made of; each line must be JSON. */
export function eventsOf({ stdout }: CommandResult): any[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
