// What one conversion was made of and what came out: enough to do it again and to see whether the result is the same.
// The catalog keeps it whole; what is pushed next to the image is the statement made of it (statement.ts).
import type { BlobRecord } from '../nitro/blobs.js';
import type { Measurements } from '../nitro/measure.js';
import type { Architecture } from '../oci/manifest.js';

/** Digests are `sha256:` and 64 hex digits; what is called sha256 has the hex digits alone. */
export interface Recipe {
  converterVersion: string;
  architecture: Architecture;
  input: RecipeInput;
  options: RecipeOptions;
  bootBlobs: BlobRecord[];
  signing?: RecipeSigning;
  output: RecipeOutput;
}

export interface RecipeInput {
  /** As the caller gave it, without credentials. */
  name: string;
  /** What the tag led to: an index or a manifest. */
  imageDigest: string;
  /** The manifest of the architecture. */
  manifestDigest: string;
  /** Digest of the image config. */
  imageId: string;
  /** Lowest first. */
  layers: RecipeLayer[];
}

export interface RecipeLayer {
  /** Of the layer as stored. */
  digest: string;
  mediaType: string;
  /** As stored. */
  sizeBytes: number;
  /** Digest of the uncompressed archive. */
  diffId: string;
}

/** Those of the caller's options that change the result. */
export interface RecipeOptions {
  entrypoint?: string[];
  entrypointArgs?: string[];
  /** `NAME=value` each. */
  envVars?: string[];
  mutableEnvVars?: string[];
}

export interface RecipeSigning {
  /** As in the EIF's signature, e.g. `ES384`. */
  algorithm: string;
  certificateSha256: string;
  /** 96 hex digits. */
  pcr8: string;
}

export interface RecipeOutput {
  /** Where the image was pushed: `host/repository:tag`. */
  name: string;
  eifSha256: string;
  eifSizeBytes: number;
  layerDigest: string;
  manifestDigest: string;
  measurements: Measurements;
}
