// `build-catalog describe`: what an EIF says of itself and what of that is true, in the words of `nitro-cli describe-eif`.
import { describeEif } from '../nitro/describe.js';
import { readEifSource } from '../nitro/eif-reader.js';
import type { DescribeCommand } from './arguments.js';
import { withEif } from './eif-files.js';
import type { Reporter } from './reporter.js';

/** Whether nothing is wrong with it; else that is told as warnings. Throws JobFailure IMAGE_INVALID for what is no EIF. */
export async function runDescribe(
  { file, showEnvironment }: DescribeCommand,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<boolean> {
  const reading = await withEif(file, (source) => readEifSource(source, signal));
  for (const problem of reading.problems) reporter.warn({ code: 'EIF_INVALID', message: `${problem}.` });
  const description = describeEif(reading, { showEnvironment });
  reporter.finish(JSON.stringify(description, null, 2).split('\n'), description);
  return reading.problems.length === 0;
}
