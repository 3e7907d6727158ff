// How a command tells what happens: JSON lines on standard output for programs; for people a bar (on a terminal) or a
// line for each step on standard error, and the result alone on standard output.
import type { ConversionReports } from '../conversions/conversion-place.js';
import type { CliFailure } from './failure.js';

type Progress = Parameters<ConversionReports['progress']>[0];
type Warning = Parameters<ConversionReports['warn']>[0];

export interface Reporter {
  progress(progress: Progress): void;
  warn(warning: Warning): void;
  log(message: string): void;
  /** The last thing that is told, unless `fail` is. */
  finish(lines: string[], data: object): void;
  fail(failure: CliFailure): void;
}

export interface Outputs {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

const BAR_WIDTH = 30;
const MIB = 1024 * 1024;
const REDRAW_EVERY_MS = 100;
const EVENT_EVERY_MS = 250;

export function createReporter(json: boolean, { stdout, stderr }: Outputs): Reporter {
  return json ? jsonReporter(stdout) : textReporter(stdout, stderr);
}

function jsonReporter(stdout: NodeJS.WriteStream): Reporter {
  const line = (type: string, data: object) => void stdout.write(`${escaped(JSON.stringify({ type, ...data }))}\n`);
  const due = throttle(EVENT_EVERY_MS);
  return {
    progress: (progress) => (due(progress.step) ? line('progress', progress) : undefined),
    warn: ({ code, message }) => line('warning', { code, message }),
    log: (message) => line('log', { message }),
    finish: (_lines, data) => line('result', data),
    fail: (failure) => line('failure', failure),
  };
}

function textReporter(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Reporter {
  let isBarShown = false;
  let lastStep: string | undefined;
  const due = throttle(REDRAW_EVERY_MS);
  const clear = () => {
    if (isBarShown) stderr.write('\r\u001b[K');
    isBarShown = false;
  };
  const note = (text: string) => {
    clear();
    stderr.write(`${escaped(text)}\n`);
  };
  return {
    progress(progress) {
      if (!stderr.isTTY) {
        if (progress.step !== lastStep) note(`${String(progress.progress).padStart(3)} %  ${progress.step}`);
        lastStep = progress.step;
      } else if (due(progress.step)) {
        stderr.write(`\r${bar(progress).slice(0, Math.max((stderr.columns || 80) - 1, 10))}\u001b[K`);
        isBarShown = true;
      }
    },
    warn: ({ code, message }) => note(`warning: ${code}: ${message}`),
    log: note,
    finish(lines) {
      clear();
      stdout.write(lines.map((text) => `${escaped(text)}\n`).join(''));
    },
    fail({ code, message, hint }) {
      note(`error: ${code}: ${message}`);
      if (hint !== '') note(hint);
    },
  };
}

function bar({ progress, step, bytesDone, bytesTotal }: Progress): string {
  const done = '#'.repeat(Math.round((progress / 100) * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
  const mib = (bytes: number) => (bytes / MIB).toFixed(1);
  const of = bytesTotal === undefined ? '' : ` of ${mib(bytesTotal)}`;
  const bytes = bytesDone ? `${mib(bytesDone)}${of} MiB` : '';
  return `[${done}] ${String(progress).padStart(3)} %  ${step.padEnd(11)} ${bytes}`;
}

/** Whether to tell of a step now: when it begins, and from time to time while it lasts. */
function throttle(everyMs: number): (step: string) => boolean {
  let lastStep: string | undefined;
  let lastAt = 0;
  return (step) => {
    const now = Date.now();
    if (step === lastStep && now - lastAt < everyMs) return false;
    lastStep = step;
    lastAt = now;
    return true;
  };
}

/** Names of images and files may hold what moves a terminal's cursor or turns its text around. Of JSON it stays JSON. */
function escaped(text: string): string {
  // eslint-disable-next-line no-control-regex -- that is what is taken out
  const hidden = /[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
  return text.replace(hidden, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
