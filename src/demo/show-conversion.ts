// Starts a conversion and draws what happens to it: one line a step on a terminal, redrawn as it moves on.
import type { PublicApi, UserErrors } from './public-api.js';

const CONVERT = `mutation ($input: ConvertNitroImageInput!) {
  convertNitroImage(input: $input) { job { id } userErrors { code message } }
}`;
const WATCH = `subscription ($jobId: ID!) {
  conversionStatus(jobId: $jobId) { seq kind status step progress bytesDone bytesTotal code message }
}`;
const RESULT = `query ($id: ID!) {
  job(id: $id) {
    failure { message hint }
    outputImage { name digest }
    build { id attributes { ... on NitroEnclaveAttributes { pcr0 pcr1 pcr2 } } }
  }
}`;

interface Event {
  kind: string;
  status: string;
  step: string | null;
  progress: number;
  bytesDone: number | null;
  code: string | null;
  message: string | null;
}

interface Result {
  job: {
    failure: { message: string; hint: string } | null;
    outputImage: { name: string; digest: string };
    build: { id: string; attributes: { pcr0: string; pcr1: string; pcr2: string }[] } | null;
  };
}

export interface Converted {
  jobId: string;
  buildId: string;
  image: string;
}

/** Returns once the job succeeded; throws where it did not. */
export async function showConversion(api: PublicApi, image: string, output: NodeJS.WriteStream): Promise<Converted> {
  const input = { inputImage: { name: image }, nitroEnclavesOptions: { cpuCount: 2, memSizeMb: 512 } };
  type Answer = { convertNitroImage: UserErrors & { job: { id: string } | null } };
  const { convertNitroImage } = await api.ask<Answer>(CONVERT, { input });
  const { job, userErrors } = convertNitroImage;
  if (!job) throw new Error(userErrors[0]?.message);
  const draw = drawOn(output);
  for await (const { conversionStatus } of api.subscribe<{ conversionStatus: Event }>(WATCH, { jobId: job.id })) {
    draw(conversionStatus);
  }
  const { job: done } = await api.ask<Result>(RESULT, { id: job.id });
  if (!done.build) throw new Error(`${done.failure?.message} ${done.failure?.hint}`);
  const { pcr0, pcr1, pcr2 } = done.build.attributes[0]!;
  const lines = ['', `  PCR0   ${pcr0}`, `  PCR1   ${pcr1}`, `  PCR2   ${pcr2}`, `  build  ${done.build.id}`];
  output.write(`${lines.join('\n')}\n  image  ${done.outputImage.name}@${done.outputImage.digest}\n`);
  return { jobId: job.id, buildId: done.build.id, image: done.outputImage.name };
}

const BAR = 30;
const MIB = 1024 * 1024;

function drawOn(output: NodeJS.WriteStream): (event: Event) => void {
  let isOpen = false;
  let lastStep: string | null = null;
  const line = (text: string) => {
    output.write(`${isOpen ? '\n' : ''}${text}\n`);
    isOpen = false;
  };
  return ({ kind, status, step, progress, bytesDone, code, message }) => {
    if (kind === 'WARNING') return line(`  ! ${code}: ${message}`);
    if (kind === 'STATUS') return line(`  ${status}${message ? `: ${message}` : ''}`);
    const bar = '#'.repeat(Math.round((progress / 100) * BAR)).padEnd(BAR, '.');
    const bytes = bytesDone ? `${(bytesDone / MIB).toFixed(1)} MiB` : '';
    const text = `  [${bar}] ${String(progress).padStart(3)} %  ${(step ?? '').padEnd(12)} ${bytes}`;
    if (!output.isTTY) {
      if (step !== lastStep) line(text);
      lastStep = step;
      return undefined;
    }
    output.write(`\r${text}\u001b[K`);
    isOpen = true;
    return undefined;
  };
}
