// The process that does one conversion: no database, no environment, one task over IPC. It ends when its parent does,
// so that a run given up for dead pushes nothing more.
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { JobFailure } from '../lib/job-failure.js';
import { packageRoot } from '../lib/package-root.js';
import { Upstream } from '../lib/upstream.js';
import { asDiskFailure } from '../oci/image-failure.js';
import type { ImageRepository } from '../oci/image-repository.js';
import { RegistryClient } from '../oci/registry-client.js';
import { Store } from '../oci/store.js';
import type { ChildMessage, ConversionResult, ConversionTask } from './child-messages.js';
import { convert } from './convert.js';
import type { ConversionReports } from './convert.js';
import type { ImageTarget } from './conversion-request.js';

/** Progress inside a step is told at most this often. */
const PROGRESS_EVERY_MS = 250;

const send = (message: ChildMessage) =>
  new Promise<void>((resolve) => (process.send ? process.send(message, () => resolve()) : resolve()));

// Before anything starts a thread: those who ask the gateway something come first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

process.once('disconnect', () => process.exit(1));
process.once('message', (task) => {
  void convertTask(task as ConversionTask)
    .then((result): ChildMessage => ({ type: 'done', result }), failureMessage)
    .then(send)
    .then(() => process.disconnect());
});

async function convertTask(task: ConversionTask): Promise<ConversionResult> {
  const upstream = new Upstream(task.upstream);
  const store = new Store(task.storeDir);
  const registries = new RegistryClient(upstream);
  const repositoryOf = ({ host, repository }: ImageTarget, auth?: { username: string; password: string }) =>
    host === undefined
      ? store.repository(task.accountId, repository)
      : registries.repository({ host, repository }, auth);
  const { request, credentials } = task;
  const output: ImageRepository = repositoryOf(request.output, credentials.output);
  const layerFile = request.output.host === undefined ? store.temporaryFile() : join(task.spoolDir, 'output.tar');
  const place = {
    input: repositoryOf(request.input, credentials.input),
    output,
    blobsDir: task.blobsDir,
    spoolDir: task.spoolDir,
    layerFile,
    toolVersion: version(),
  };
  try {
    return await convert(request, place, throttledReports(), new AbortController().signal);
  } finally {
    // What can not be removed now is swept later; it changes nothing about the result.
    await rm(layerFile, { force: true }).catch(() => undefined);
    await upstream.close();
  }
}

function failureMessage(thrown: unknown): ChildMessage {
  const error = asDiskFailure(thrown);
  if (error instanceof JobFailure) {
    const { code, message, hint } = error;
    return { type: 'failed', code, message, hint };
  }
  return { type: 'crashed', stack: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function throttledReports(): ConversionReports {
  let lastStep: string | undefined;
  let lastAt = 0;
  return {
    progress(progress) {
      const now = Date.now();
      if (progress.step === lastStep && now - lastAt < PROGRESS_EVERY_MS) return;
      lastStep = progress.step;
      lastAt = now;
      void send({ type: 'progress', ...progress });
    },
    warn: (warning) => void send({ type: 'warning', warning }),
    bootBlobs: (bootBlobs) => void send({ type: 'bootBlobs', bootBlobs }),
  };
}

function version(): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
