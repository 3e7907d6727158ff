// The process that does the heavy part of one job: no database, no environment, one task over IPC. It ends when its
// parent does, so that a run given up for dead pushes nothing more.
import { readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { JobFailure } from '../lib/job-failure.js';
import { packageRoot } from '../lib/package-root.js';
import { redactor } from '../lib/redact.js';
import { asDiskFailure } from '../oci/image-failure.js';
import type { ChildMessage, ChildTask, SignatureMessage, TaskResult } from './child-messages.js';
import { workOn } from './child-tasks.js';
import type { ConversionReports } from './conversion-place.js';
import { secretsOf } from './image-target.js';
import { SignatureWanted } from './eif-signer.js';

/** Progress inside a step is told at most this often. */
const PROGRESS_EVERY_MS = 250;

const send = (message: ChildMessage) =>
  new Promise<void>((resolve) => (process.send ? process.send(message, () => resolve()) : resolve()));

// Before anything starts a thread: those who ask the gateway something come first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

process.once('disconnect', () => process.exit(1));
process.once('message', (message) => {
  const task = message as ChildTask;
  const redact = redactor(secretsOf(task));
  void workOn(task, version(), { reports: throttledReports(redact), askForSignature })
    .catch(resultOfWanting)
    .then(
      (result): ChildMessage => ({ type: 'done', result }),
      (error: unknown) => failureMessage(error, redact),
    )
    .then(send)
    .then(() => process.disconnect());
});

function resultOfWanting(error: unknown): TaskResult {
  if (!(error instanceof SignatureWanted)) throw error;
  const { pcr0, imageDigest } = error;
  return { kind: 'signatureWanted', wanted: { pcr0, imageDigest } };
}

/** Only one is asked for at a time, and nothing else comes from the parent. */
async function askForSignature(pcr0: string): Promise<Buffer> {
  const answer = new Promise<SignatureMessage>((resolve) => {
    process.once('message', (message) => resolve(message as SignatureMessage));
  });
  await send({ type: 'sign', pcr0 });
  return Buffer.from((await answer).signature, 'base64');
}

function failureMessage(thrown: unknown, redact: (text: string) => string): ChildMessage {
  const error = asDiskFailure(thrown);
  if (error instanceof JobFailure) {
    const { code, message, hint } = error;
    return { type: 'failed', code, message: redact(message), hint };
  }
  return { type: 'crashed', stack: redact(error instanceof Error ? (error.stack ?? error.message) : String(error)) };
}

function throttledReports(redact: (text: string) => string): ConversionReports {
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
    warn: ({ code, message }) => void send({ type: 'warning', warning: { code, message: redact(message) } }),
    log: (message) => void send({ type: 'log', message: redact(message) }),
    bootBlobs: (bootBlobs) => void send({ type: 'bootBlobs', bootBlobs }),
  };
}

function version(): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
