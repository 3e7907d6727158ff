import { PassThrough } from 'node:stream';
import { createReporter } from '../../src/cli/reporter.js';

function reporterOn(json: boolean, isTTY: boolean) {
  const stdout = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 60 });
  const reporter = createReporter(json, { stdout, stderr } as never);
  const text = () => ({ stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') });
  return { reporter, text };
}

const MIB = 1024 * 1024;
const half = { step: 'BUILDING', progress: 50, bytesDone: MIB, bytesTotal: 2 * MIB } as never;

describe('the reporter', () => {
  it('draws a bar on a terminal and takes it away before anything else is told', () => {
    const { reporter, text } = reporterOn(false, true);
    reporter.progress(half);
    reporter.warn({ code: 'W', message: 'careful' });
    const [bar, warning] = text().stderr.split('\r\u001b[K');
    expect(bar).toBe('\r[###############...............]  50 %  BUILDING    1.0 of \u001b[K');
    expect(warning).toBe('warning: W: careful\n');
  });

  it('tells a step once where there is no terminal', () => {
    const { reporter, text } = reporterOn(false, false);
    reporter.progress(half);
    reporter.progress(half);
    reporter.finish(['done'], {});
    expect(text()).toEqual({ stdout: 'done\n', stderr: ' 50 %  BUILDING\n' });
  });

  it('lets no image command a terminal, nor turn its text around', () => {
    for (const json of [true, false]) {
      const { reporter, text } = reporterOn(json, false);
      reporter.warn({ code: 'W', message: 'a\u001b[2J\u009b\u202eb' });
      const { stdout, stderr } = text();
      expect(stdout + stderr).toContain('a\\u001b[2J\\u009b\\u202eb');
    }
  });
});
