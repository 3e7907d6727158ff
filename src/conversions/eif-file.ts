// Where the EIF of a build lies in the store: inside the output image's one layer, an uncompressed tar, so that it can
// be sent in any range without a copy of it.
import type { Build } from '../builds/build.entity.js';
import type { OwnNames } from '../lib/own-names.js';
import type { Plain } from '../lib/plain.js';
import { EIF_SHA256_ANNOTATION, eifRange, LAYER_PREFIX_BYTES } from '../nitro/output-image.js';
import type { Descriptor } from '../oci/image-repository.js';
import { parseManifest } from '../oci/manifest.js';
import { OCI_LAYER } from '../oci/media-types.js';
import { hexOf, isDigest, isRepositoryName, isTag } from '../oci/reference.js';
import type { StoreRepository } from '../oci/store-repository.js';
import type { Store } from '../oci/store.js';
import type { RecipeQuery } from './recipe.query.js';

/** Those of the gateway have a few KiB; what is larger was pushed by somebody else, and would be dear to parse. */
const MAX_MANIFEST_BYTES = 64 * 1024;
const MAGIC = '.eif';

export interface EifFile {
  repository: StoreRepository;
  layer: Descriptor;
  /** Where it begins in the layer; bytes. */
  offset: number;
  /** Bytes. */
  size: number;
  /** 64 hex digits, where the image tells. */
  sha256?: string;
  /** Letters, digits, dots, dashes and underlines only. */
  fileName: string;
}

type StoredBuild = Pick<Plain<Build>, 'id' | 'accountId' | 'dockerInfo'>;

export class EifFiles {
  constructor(
    private readonly store: Store,
    private readonly names: OwnNames,
    private readonly recipes: RecipeQuery,
  ) {}

  /**
   * Of builds of one account, in their order: undefined where the build's image is not in the store any more, is another
   * one by now, or is no EIF; an Error where the store could not be read.
   * One after the other: a list of them must not occupy the gateway.
   */
  async findAll(builds: readonly StoredBuild[]): Promise<(EifFile | undefined | Error)[]> {
    const [first] = builds;
    if (!first) return [];
    const ids = builds.map(({ id }) => id);
    const recipes = await this.recipes.ofBuilds(first.accountId, ids);
    const found: (EifFile | undefined | Error)[] = [];
    for (const [at, build] of builds.entries()) {
      const eif = this.find(build, recipes[at]?.output.manifestDigest);
      found.push(await eif.catch((error: unknown) => error as Error));
    }
    return found;
  }

  /** Throws where the store could not be read. */
  async findOne(build: StoredBuild): Promise<EifFile | undefined> {
    const [eif] = await this.findAll([build]);
    if (eif instanceof Error) throw eif;
    return eif;
  }

  /** @param made what the conversion pushed: the build's tag may lead elsewhere by now */
  private async find({ accountId, dockerInfo }: StoredBuild, made?: string): Promise<EifFile | undefined> {
    const name = this.names.toStored(dockerInfo?.dockerImageName ?? '');
    const { dockerVersion: version = '', dockerImageSha: imageId } = dockerInfo ?? {};
    const repositoryName = name.slice(1);
    if (!name.startsWith('/') || !isRepositoryName(repositoryName) || !(isTag(version) || isDigest(version))) return;
    const repository = this.store.repository(accountId, repositoryName);
    const document = await repository.findManifest(made ?? version, MAX_MANIFEST_BYTES);
    const manifest = document && parsed(document);
    const layer = manifest?.kind === 'manifest' ? manifest.layers.at(-1) : undefined;
    if (manifest?.kind !== 'manifest' || layer?.mediaType !== OCI_LAYER) return;
    // Without a recipe, a tag that was moved to another image is known by the image's id alone.
    if (imageId && manifest.config.digest !== `sha256:${imageId.toLowerCase()}`) return;
    const range = await rangeOf(repository, layer);
    if (!range) return;
    const sha256 = manifest.annotations[EIF_SHA256_ANNOTATION];
    const told = sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256) ? { sha256 } : {};
    return {
      repository,
      layer,
      offset: range.offset,
      size: range.sizeBytes,
      ...told,
      fileName: fileName(repositoryName, version),
    };
  }
}

function parsed(document: Parameters<typeof parseManifest>[0]): ReturnType<typeof parseManifest> | undefined {
  try {
    return parseManifest(document);
  } catch {
    return undefined;
  }
}

/** Undefined where the layer does not begin as layers with an EIF do. */
async function rangeOf(repository: StoreRepository, layer: Descriptor): Promise<ReturnType<typeof eifRange>> {
  const stored = await repository.findBlobSize(layer.digest);
  if (stored === undefined || stored <= LAYER_PREFIX_BYTES + MAGIC.length) return undefined;
  const range = { start: 0, end: LAYER_PREFIX_BYTES + MAGIC.length - 1 };
  const start = Buffer.concat((await (await repository.openRange(layer.digest, range)).toArray()) as Buffer[]);
  if (start.toString('latin1', LAYER_PREFIX_BYTES) !== MAGIC) return undefined;
  try {
    return eifRange(start, stored);
  } catch {
    return undefined;
  }
}

/** `acme/hello` and `1-eif-12345678` become `hello-1-eif-12345678.eif`. */
function fileName(repository: string, version: string): string {
  const tag = isDigest(version) ? hexOf(version).slice(0, 12) : version;
  return `${repository.slice(repository.lastIndexOf('/') + 1)}-${tag}.eif`;
}
