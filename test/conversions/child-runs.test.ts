import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Architecture } from '../../src/builds/build-parts.js';
import type { ChildMessage, ConversionResult, ConversionTask } from '../../src/conversions/child-messages.js';
import { workInChild } from '../../src/conversions/child-process.js';
import { conversionRequest } from '../../src/conversions/conversion-request.js';
import { writeSampleImage } from '../../src/demo/sample-image.js';
import { OwnNames } from '../../src/lib/own-names.js';
import { packageRoot } from '../../src/lib/package-root.js';
import { Store } from '../../src/oci/store.js';
import { writeBlobs } from '../support/blob-folder.js';
import { temporaryFolder } from '../support/folders.js';
import { startHttpFake } from '../support/http-fake.js';
import { newSigner } from '../support/signers.js';

const CHILD = join(packageRoot, 'dist', 'src', 'conversions', 'child.js');
const ACCOUNT = 'account';
const INPUT = 'localhost/acme/hello:1';

let root: string;
let store: Store;
const children: ChildProcess[] = [];

beforeAll(async () => {
  root = temporaryFolder();
  store = new Store(join(root, 'store'));
  writeBlobs(join(root, 'blobs'));
  await writeSampleImage(store.repository(ACCOUNT, 'acme/hello'), '1', 4);
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

let tasks = 0;
function taskTo(output: string, allow: string[] = []): ConversionTask {
  const spoolDir = join(root, `spool-${(tasks += 1)}`);
  mkdirSync(spoolDir);
  const input = {
    inputImage: { name: INPUT },
    outputImage: { name: output },
    converterOptions: { envVars: ['B=1', 'A=2'] },
    architecture: Architecture.AMD64,
  };
  const request = conversionRequest(input, { names: new OwnNames('localhost'), canSign: false });
  const folders = { storeDir: join(root, 'store'), blobsDir: join(root, 'blobs'), spoolDir, cacheDir: undefined };
  const names = { input: INPUT, output };
  return { kind: 'convert', request, names, credentials: {}, accountId: ACCOUNT, upstream: { allow }, ...folders };
}

function startChild(task: ConversionTask, options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): ChildProcess {
  const child = fork(CHILD, { execArgv: [], env: {}, ...options });
  children.push(child);
  child.send(task);
  return child;
}

async function resultOf(child: ChildProcess): Promise<ConversionResult> {
  let last: ChildMessage | undefined;
  child.on('message', (message) => (last = message as ChildMessage));
  await once(child, 'close');
  if (last?.type !== 'done' || last.result.kind !== 'converted') throw new Error(JSON.stringify(last));
  return last.result.result;
}

const temporaryFiles = () => readdirSync(join(root, 'store', 'tmp'));
const silent = { progress: () => {}, warn: () => {}, log: () => {}, note: () => {} };
const parent = { environment: {} };

describe('the process of a conversion', () => {
  it('makes the same image in any process, time zone, language and working directory', async () => {
    const places = [
      { cwd: root, env: { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', HOME: root } },
      { cwd: '/', env: { TZ: 'America/St_Johns', LC_ALL: 'C' } },
    ];
    const runs = places.map((place, index) => resultOf(startChild(taskTo(`localhost/acme/same:${index}`), place)));
    const [first, second] = (await Promise.all(runs)) as [ConversionResult, ConversionResult];
    expect(first.manifestDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(first.measurements.pcr0).toMatch(/^[0-9a-f]{96}$/);
    expect(second.recipe.output.name).toBe('localhost/acme/same:1');
    second.recipe.output.name = first.recipe.output.name;
    expect(second).toEqual(first);
    const signal = new AbortController().signal;
    for (const tag of ['0', '1']) {
      const { digest } = await store.repository(ACCOUNT, 'acme/same').resolve(tag, signal);
      expect(digest).toBe(first.manifestDigest);
    }
    expect(temporaryFiles()).toEqual([]);
  });

  it('ends with its parent: it pushes nothing more', async () => {
    let asked = () => {};
    const wasAsked = new Promise<void>((resolve) => (asked = resolve));
    // Never answers, as if the push took for ever.
    const registry = await startHttpFake(() => asked());
    const task = taskTo(`${registry.host}/acme/out:1`, [registry.host]);
    const child = startChild(task);
    await wasAsked;
    expect(readdirSync(task.spoolDir)).toContain('output.tar');
    const ended = once(child, 'exit');
    child.disconnect();
    expect(await ended).toEqual([1, null]);
    expect(registry.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
    await registry.close();
  });

  it('ends with its parent also before it was told what to do', async () => {
    const child = fork(CHILD, { execArgv: [], env: {} });
    children.push(child);
    const ended = once(child, 'exit');
    child.disconnect();
    expect(await ended).toEqual([1, null]);
  });

  it('leaves nothing in the store but what the store removes by itself', async () => {
    const child = startChild(taskTo('localhost/acme/left:1'));
    await new Promise<void>((resolve) =>
      child.on('message', (message) => {
        const { type, step } = message as { type: string; step?: string };
        if (type === 'progress' && step === 'BUILDING') resolve();
      }),
    );
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
    await store.cleanTemporary();
    expect(temporaryFiles()).toEqual([]);
  });

  it('is not even started for a run that was stopped before', async () => {
    const controller = new AbortController();
    controller.abort(new Error('stopped'));
    const task = taskTo('localhost/acme/never:1');
    await expect(workInChild(task, parent, silent, controller.signal)).rejects.toThrow('stopped');
    expect(existsSync(join(root, 'store', 'accounts', ACCOUNT, 'acme', 'never'))).toBe(false);
  });

  it('makes a build again as the version did that made it, and names what comes out otherwise', async () => {
    const signal = new AbortController().signal;
    const first = taskTo('localhost/acme/again:1');
    const made = await workInChild(first, parent, silent, signal);
    if (made.kind !== 'converted') throw new Error(made.kind);
    const { recipe } = made.result;
    const reproduced = async (converterVersion: string) => {
      const { spoolDir } = taskTo('localhost/acme/again:1');
      const what = { kind: 'reproduce' as const, recipe: { ...recipe, converterVersion } };
      const { kind: _kind, names: _names, ...rest } = first;
      return workInChild({ ...rest, ...what, spoolDir }, parent, silent, signal);
    };
    expect(await reproduced(recipe.converterVersion)).toMatchObject({ result: { verdict: 'IDENTICAL' } });
    expect(await reproduced('0.0.1')).toMatchObject({ result: { verdict: 'DIFFERENT', section: 'metadata' } });
  });

  it('gets no signature that it was not promised, and no second one', async () => {
    const signal = new AbortController().signal;
    const { certificate } = newSigner(root, 'prime256v1');
    const task: ConversionTask = { ...taskTo('localhost/acme/signed:1'), signing: { certificate, by: 'parent' } };
    await expect(workInChild(task, parent, silent, signal)).rejects.toThrow(/not promised/);
  });

  it('is killed when its run is stopped, and is gone then', async () => {
    const registry = await startHttpFake(() => controller.abort(new Error('stopped')));
    const controller = new AbortController();
    const task = taskTo(`${registry.host}/acme/out:1`, [registry.host]);
    await expect(workInChild(task, parent, silent, controller.signal)).rejects.toThrow('stopped');
    await registry.close();
  });

  it('tells a failure with its code, and a defect with its stack to the gateway only', async () => {
    const signal = new AbortController().signal;
    const missing = taskTo('localhost/acme/out:1');
    missing.request.input.tagOrDigest = 'nothing';
    await expect(workInChild(missing, parent, silent, signal)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    const wrong = { ...taskTo('localhost/acme/out:2'), accountId: '../..' };
    await expect(workInChild(wrong, parent, silent, signal)).rejects.toThrow(/account id/);
  });
});
