#!/usr/bin/env node
// `build-catalog`: conversions and EIFs from the command line. Each command is loaded when it is asked for, and none
// of them loads GraphQL, the database or the web server.
import { constants } from 'node:os';
import { packageVersion } from '../lib/package-root.js';
import { parseCommand } from './arguments.js';
import type { Command } from './arguments.js';
import { UsageError, toFailure } from './failure.js';
import { HELP } from './help.js';
import { createReporter } from './reporter.js';
import type { Reporter } from './reporter.js';
import { readPassword } from './stdin-password.js';

const FAILED = 1;
const DIFFERENT = 1;
const USAGE = 2;

async function main(argv: string[]): Promise<number> {
  const reporter = createReporter(argv.includes('--json'), process);
  const stop = new AbortController();
  const stopped = stopOnSignals(stop);
  const isDiff = argv[0] === 'diff';
  try {
    return await run(parseCommand(argv, process.env), reporter, stop.signal);
  } catch (error) {
    const signal = stopped();
    if (signal !== undefined) {
      reporter.fail({ code: 'CANCELLED', message: `Stopped by ${signal}.`, hint: '' });
      return 128 + constants.signals[signal];
    }
    reporter.fail(toFailure(error));
    return isDiff || error instanceof UsageError ? USAGE : FAILED;
  }
}

async function run(command: Command, reporter: Reporter, signal: AbortSignal): Promise<number> {
  switch (command.name) {
    case 'help':
      process.stdout.write(HELP);
      return 0;
    case 'version':
      process.stdout.write(`${packageVersion}\n`);
      return 0;
    case 'convert': {
      const { runConvert } = await import('./convert-command.js');
      await runConvert(command, { environment: process.env, readPassword, reporter, signal });
      return 0;
    }
    case 'describe': {
      const { runDescribe } = await import('./describe-command.js');
      return (await runDescribe(command, reporter, signal)) ? 0 : FAILED;
    }
    case 'diff': {
      const { runDiff } = await import('./diff-command.js');
      return (await runDiff(command, reporter, signal)) ? 0 : DIFFERENT;
    }
  }
}

/** The first signal stops the work, which then tidies up; the second one ends the process. */
function stopOnSignals(stop: AbortController): () => NodeJS.Signals | undefined {
  let first: NodeJS.Signals | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (first !== undefined) process.exit(128 + constants.signals[signal]);
      first = signal;
      stop.abort(new Error(`Stopped by ${signal}.`));
    });
  }
  // Whoever read the output is gone: nobody waits for the result either.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {
      first ??= 'SIGPIPE';
      stop.abort(new Error('The output was closed.'));
    });
  }
  return () => first;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(FAILED);
  },
);
