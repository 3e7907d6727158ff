import type { JobStep } from '../events/job-step.js';
import type { OnBytes } from '../oci/image-repository.js';
import type { ConversionReports } from './conversion-place.js';

/** Announces a step and turns bytes into percent of the whole job. */
export function stepProgress(
  reports: ConversionReports,
  step: JobStep,
  [from, to]: [number, number],
  total?: number,
): OnBytes {
  let done = 0;
  const report = () => {
    const share = total ? Math.min(done / total, 1) : 0;
    const progress = Math.floor(from + share * (to - from));
    reports.progress({ step, progress, bytesDone: done, bytesTotal: total });
  };
  report();
  return (bytes) => {
    done += bytes;
    report();
  };
}
