// Makes a build's EIF again by its recipe, pushes nothing, and tells whether and where it is another one.
import { join } from 'node:path';
import { JobStep } from '../events/job-step.js';
import { layerPrefix } from '../nitro/output-image.js';
import type { Measurements } from '../nitro/measure.js';
import type { Recipe } from '../proof/recipe.js';
import type { ImageRepository } from '../oci/image-repository.js';
import type { ConversionPlace, ConversionReports } from './conversion-place.js';
import { compareEifs, fetchEif } from './fetch-eif.js';
import { makeEif } from './make-eif.js';
import type { EifRequest } from './make-eif.js';

export interface ReproducedEif {
  verdict: 'IDENTICAL' | 'DIFFERENT';
  section: string | null;
  file: string | null;
  measurements: Measurements;
}

export interface ReproductionPlace extends ConversionPlace {
  /** Where the EIF of before was pushed to; read only where the new one is not the same at first sight. */
  original: ImageRepository;
}

export async function reproduce(
  request: EifRequest & { recipe: Recipe },
  place: ReproductionPlace,
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<ReproducedEif> {
  const { eif } = await makeEif(request, place, reports, signal);
  const { output, signing } = request.recipe;
  const { measurements } = eif;
  reports.progress({ step: JobStep.COMPARING, progress: 85 });
  if (eif.sha256 === output.eifSha256) return { verdict: 'IDENTICAL', section: null, file: null, measurements };
  const pushed = await fetchEif(place.original, output.manifestDigest, join(place.spoolDir, 'original.tar'), signal);
  const made = { path: place.layerFile, offset: layerPrefix(eif.sizeBytes).length, sizeBytes: eif.sizeBytes };
  const diff = await compareEifs(pushed, made, signal);
  for (const note of diff.notes) reports.log(note);
  // A signature is another one each time, and with it the header's table and checksum.
  const changed = diff.sections.filter(({ section, changed: isChanged }) => isChanged && section !== 'signature');
  const [first] = changed;
  if (!first && signing) return { verdict: 'IDENTICAL', section: null, file: null, measurements };
  if (!first) return { verdict: 'DIFFERENT', section: 'header', file: null, measurements };
  const { firstDifference } = diff;
  const file = firstDifference?.section === first.section ? firstDifference.file : null;
  return { verdict: 'DIFFERENT', section: first.section, file, measurements };
}
