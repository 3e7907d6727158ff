// The recipe as an in-toto statement (v1) about the pushed image, with SLSA's provenance (v1) as its predicate.
// No time and nothing random is in it: the same conversion gives the same bytes, wherever and whenever it is done.
import { hexOf } from '../oci/reference.js';
import { createHash } from 'node:crypto';
import type { BlobRecord } from '../nitro/blobs.js';
import { canonicalJson } from '../lib/json.js';
import { imageUrl } from './package-url.js';
import { measurementAnnotations } from '../nitro/output-image.js';
import type { Recipe, RecipeInput, RecipeLayer, RecipeOptions } from './recipe.js';

export const IN_TOTO_TYPE = 'application/vnd.in-toto+json';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PREDICATE_TYPE = 'https://slsa.dev/provenance/v1';
/** What the parameters below mean; the number rises when that changes. */
export const BUILD_TYPE = 'urn:build-catalog:nitro-conversion:v1';
export const BUILDER_ID = 'urn:build-catalog:converter';

/** in-toto's ResourceDescriptor. */
interface Resource {
  name: string;
  uri?: string;
  digest: { sha256: string };
  mediaType?: string;
  annotations?: Record<string, unknown>;
}

/** Canonical JSON. Values of environment variables are not in it, only the sha256 of `NAME=value`. */
export function provenanceStatement(recipe: Recipe): Buffer {
  const { output } = recipe;
  const eif = { name: '/enclave/enclave.eif', digest: { sha256: output.eifSha256 } };
  const statement = {
    _type: STATEMENT_TYPE,
    subject: [{ name: output.name, digest: digestSet(output.manifestDigest) }, eif],
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          image: recipe.input.name,
          architecture: recipe.architecture,
          options: publicOptions(recipe.options),
        },
        internalParameters: recipe.signing && { signing: recipe.signing },
        resolvedDependencies: [...inputResources(recipe), ...recipe.bootBlobs.map(blobResource)],
      },
      runDetails: {
        builder: { id: BUILDER_ID, version: { 'build-catalog': recipe.converterVersion } },
        byproducts: [
          {
            ...eif,
            annotations: { ...measurementAnnotations(recipe.output.measurements), sizeBytes: output.eifSizeBytes },
          },
          { name: 'layer', digest: digestSet(output.layerDigest) },
        ],
      },
    },
  };
  return Buffer.from(canonicalJson(statement), 'utf8');
}

/** Of the referrer: what can be known without fetching the statement. */
export function statementAnnotations(recipe: Recipe): Record<string, string> {
  return { ...measurementAnnotations(recipe.output.measurements), 'in-toto.io/predicate-type': PREDICATE_TYPE };
}

function publicOptions({ entrypoint, entrypointArgs, envVars, mutableEnvVars }: RecipeOptions) {
  return {
    entrypoint,
    entrypointArgs,
    envVars: envVars?.map(publicVariable),
    mutableEnvVars: mutableEnvVars?.map(publicVariable),
  };
}

function publicVariable(variable: string): { name: string; sha256: string } {
  const sha256 = createHash('sha256').update(variable, 'utf8').digest('hex');
  return { name: variable.split('=', 1)[0]!, sha256 };
}

function inputResources({ input, architecture }: Recipe): Resource[] {
  const { name, imageDigest, manifestDigest } = input;
  const image = (digest: string, what: string): Resource => ({
    name: what,
    uri: imageUrl({ name, digest, architecture }),
    digest: digestSet(digest),
  });
  return [
    ...(imageDigest === manifestDigest ? [] : [image(imageDigest, 'index')]),
    image(manifestDigest, 'manifest'),
    configResource(input),
    ...input.layers.map(layerResource),
  ];
}

function configResource({ imageId }: RecipeInput): Resource {
  return { name: 'config', digest: digestSet(imageId) };
}

function layerResource({ digest, mediaType, sizeBytes, diffId }: RecipeLayer, at: number): Resource {
  return { name: `layer/${at}`, digest: digestSet(digest), mediaType, annotations: { diffId, sizeBytes } };
}

function blobResource({ name, sha256, sizeBytes }: BlobRecord): Resource {
  return { name: `boot/${name}`, digest: { sha256 }, annotations: { sizeBytes } };
}

function digestSet(digest: string): { sha256: string } {
  return { sha256: hexOf(digest) };
}
