// Pushes beside the image what proves how it was made: the provenance and the list of packages, as referrers.
import { CatalogError } from '../lib/errors.js';
import { JobFailure } from '../lib/job-failure.js';
import type { Descriptor, ImageRepository } from '../oci/image-repository.js';
import { findSpooledPackages } from '../proof/packages.js';
import { measurementAnnotations } from '../nitro/output-image.js';
import type { Recipe } from '../proof/recipe.js';
import { referrerOf } from '../proof/referrer.js';
import type { Attachment } from '../proof/referrer.js';
import { CYCLONEDX_TYPE, sbomOf } from '../proof/sbom.js';
import { IN_TOTO_TYPE, provenanceStatement, statementAnnotations } from '../proof/statement.js';
import type { ConversionReports } from './conversion-place.js';
import type { MadeEif } from './make-eif.js';

export async function prove(
  recipe: Recipe,
  made: MadeEif,
  output: ImageRepository,
  reports: ConversionReports,
  signal: AbortSignal,
): Promise<void> {
  const { manifest } = made.output;
  const subject = { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.length };
  try {
    await attach(output, subject, provenanceOf(recipe), signal);
    await attach(output, subject, await packagesOf(recipe, made, reports), signal);
    reports.log('Pushed provenance and SBOM as referrers of the image.');
  } catch (error) {
    // The image is there and right; some registries take nothing but images.
    signal.throwIfAborted();
    if (!(error instanceof JobFailure) && !(error instanceof CatalogError)) throw error;
    const message = `Provenance and SBOM could not be pushed beside the image: ${error.message}`;
    reports.warn({ code: 'PROOF_NOT_PUSHED', message });
  }
}

const provenanceOf = (recipe: Recipe): Attachment => ({
  artifactType: IN_TOTO_TYPE,
  mediaType: IN_TOTO_TYPE,
  bytes: provenanceStatement(recipe),
  annotations: statementAnnotations(recipe),
});

async function packagesOf(recipe: Recipe, made: MadeEif, reports: ConversionReports): Promise<Attachment> {
  const found = await findSpooledPackages(made.tree, made.spoolPaths);
  for (const what of found.incomplete) reports.log(`SBOM: ${what}`);
  if (found.incomplete.length > 0) {
    const message = `The SBOM does not have all packages: ${found.incomplete.slice(0, 3).join('; ')}`;
    reports.warn({ code: 'SBOM_INCOMPLETE', message: message.slice(0, 1_000) });
  }
  reports.log(`SBOM: ${found.packages.length} packages.`);
  const { input, architecture, converterVersion } = recipe;
  const subject = { name: input.name, manifestDigest: input.manifestDigest, architecture, converterVersion };
  const annotations = measurementAnnotations(recipe.output.measurements);
  return { artifactType: CYCLONEDX_TYPE, mediaType: CYCLONEDX_TYPE, bytes: sbomOf(subject, found), annotations };
}

async function attach(
  output: ImageRepository,
  subject: Descriptor,
  attachment: Attachment,
  signal: AbortSignal,
): Promise<void> {
  const { blobs, manifest } = referrerOf(subject, attachment);
  for (const { descriptor, bytes } of blobs) await output.writeBlob(descriptor, bytes, signal);
  await output.attach(manifest, signal);
}
