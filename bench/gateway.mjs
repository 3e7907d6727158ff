// A gateway of its own for a benchmark, and what its processes use.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
const dist = join(import.meta.dirname, '..', 'dist', 'src');

export const fromDist = (path) => require(join(dist, path));

export async function startGateway() {
  const dataDir = mkdtempSync(join(tmpdir(), 'build-catalog-bench-'));
  const blobsDir = join(dataDir, 'blobs');
  await fromDist('demo/development-blobs.js').writeDevelopmentBlobs(blobsDir);
  const env = { PATH: process.env.PATH, PORT: '0', DATA_DIR: dataDir, NITRO_BLOBS_DIR: blobsDir, LOG_LEVEL: 'warn' };
  const child = spawn(process.execPath, [join(dist, 'main.js')], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      const [, found] = /is at (http:\S+)/.exec(output) ?? [];
      if (found && output.includes('admin.token')) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`The gateway ended with ${code}`)));
  });
  const token = readFileSync(join(dataDir, 'admin.token'), 'utf8').trim();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const ask = async (query, variables) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors[0].message);
    return data;
  };
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { url, headers, ask, stop, dataDir, pid: child.pid };
}

/** Resident memory in MiB of a process and its children, by process id. */
export function residentMib(pid) {
  const own = (id) => {
    try {
      const status = readFileSync(`/proc/${id}/status`, 'utf8');
      return {
        id,
        parent: Number(/PPid:\s+(\d+)/.exec(status)[1]),
        mib: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
      };
    } catch {
      return undefined;
    }
  };
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => own(Number(name)));
  return all.filter((found) => found && (found.id === pid || found.parent === pid));
}
