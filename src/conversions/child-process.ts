// Starts the child process of a job and follows it to its end.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { JobReports } from '../jobs/job-handler.js';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { packageRoot } from '../lib/package-root.js';
import { redactor } from '../lib/redact.js';
import type { ChildMessage, ChildTask, SignatureMessage, TaskResult } from './child-messages.js';
import { secretsOf } from './image-target.js';

// From the build also in tests: a forked process can't load TypeScript.
const CHILD = join(packageRoot, 'dist', 'src', 'conversions', 'child.js');
const MAX_STDERR = 8_192;

export interface ChildParent {
  environment: NodeJS.ProcessEnv;
  /** Signs PCR0 by the key of the gateway, which the child never sees; r and s. */
  sign?: (pcr0: string) => Buffer;
}

/** Resolves or rejects only after the process has ended. Throws JobFailure, or the signal's reason. */
export async function workInChild(
  task: ChildTask,
  parent: ChildParent,
  reports: JobReports,
  signal: AbortSignal,
): Promise<TaskResult> {
  signal.throwIfAborted();
  const child = fork(CHILD, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: parent.environment,
    execArgv: [],
  });
  const stderr = tailOf(child);
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    const final = await follow(child, task, { ...parent, reports });
    signal.throwIfAborted();
    if (final?.type === 'done') return final.result;
    if (final?.type === 'failed') throw new JobFailure(final.code, final.message, final.hint);
    if (final?.type === 'crashed') throw new Error(final.stack);
    throw lost(child, redactor(secretsOf(task))(stderr()));
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

type FinalMessage = Extract<ChildMessage, { type: 'done' | 'failed' | 'crashed' }>;

type Listener = ChildParent & { reports: JobReports };

function follow(child: ChildProcess, task: ChildTask, listener: Listener): Promise<FinalMessage | undefined> {
  return new Promise((resolve, reject) => {
    let final: FinalMessage | undefined;
    let refusal: Error | undefined;
    let { sign } = listener;
    child.on('message', (raw) => {
      const message = raw as ChildMessage;
      if (message.type === 'sign') {
        try {
          child.send(signatureBy(sign, message.pcr0), () => undefined);
        } catch (error) {
          refusal = error as Error;
          child.kill('SIGKILL');
        }
        sign = undefined;
      } else if (isFinalMessage(message)) final = message;
      else report(message, listener.reports);
    });
    child.once('error', reject);
    child.once('close', () => (refusal ? reject(refusal) : resolve(final)));
    // A child that is gone already fails this; its end is reported by 'close'.
    child.send(task, () => undefined);
  });
}

const isFinalMessage = (message: ChildMessage): message is FinalMessage =>
  message.type === 'done' || message.type === 'failed' || message.type === 'crashed';

function report(message: ChildMessage, reports: JobReports): void {
  if (message.type === 'progress') {
    const { type: _type, ...progress } = message;
    reports.progress(progress);
  } else if (message.type === 'warning') reports.warn(message.warning);
  else if (message.type === 'log') reports.log(message.message);
  else if (message.type === 'bootBlobs') reports.note(message.bootBlobs);
}

function signatureBy(sign: ChildParent['sign'], pcr0: string): SignatureMessage {
  if (!sign) throw new Error('A child asked for a signature that it was not promised.');
  return { signature: sign(pcr0).toString('base64') };
}

function tailOf(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-MAX_STDERR)));
  return () => tail;
}

function lost({ exitCode, signalCode }: ChildProcess, stderr: string): JobFailure {
  const end = signalCode ? `was killed by ${signalCode}` : `ended with the code ${exitCode}`;
  const lines = stderr.trim().split('\n');
  // Node's last line is its own version.
  const lastLine = lines.findLast((line) => /Error|ERROR/.test(line)) ?? lines.at(-1);
  const message = `The process of the conversion ${end}${lastLine ? `: ${lastLine.slice(0, 300)}` : '.'}`;
  return new JobFailure(JobFailureCode.WORKER_LOST, message, 'It is started again by itself.');
}
