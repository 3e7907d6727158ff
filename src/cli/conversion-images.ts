// The two ends of a conversion on the command line: where the image comes from, and where the result goes.
import type { ImageTarget } from '../conversions/image-target.js';
import { DockerArchive } from '../oci/docker-archive.js';
import type { ImageRepository } from '../oci/image-repository.js';
import { LayoutRepository } from '../oci/layout-repository.js';
import { parseReference, tagOrDigestOf } from '../oci/reference.js';
import type { Reference } from '../oci/reference.js';
import type { ConvertCommand } from './convert-arguments.js';
import { EifFileOutput } from './eif-file-output.js';
import type { WrittenEif } from './eif-file-output.js';
import { nameOfPath } from './image-name.js';
import type { RegistryAccess } from './registry-access.js';

export interface InputImage {
  repository: ImageRepository;
  target: ImageTarget;
  close(): Promise<void>;
}

export interface OutputPlace {
  repository: ImageRepository;
  target: ImageTarget;
  temporaryFiles: string[];
  /** Fails where nothing can be put there: known before the work, and not after it. */
  prepare(): Promise<void>;
  /** After the conversion; the EIF where that is what was asked for. */
  commit(): Promise<WrittenEif | undefined>;
  /** Takes away what is not committed. */
  discard(): Promise<void>;
}

const nothing = async (): Promise<undefined> => undefined;

/** Images in files are pinned by their digest here, so that nobody exchanges them while they are read. */
export async function openInput(
  { input, imageName }: ConvertCommand,
  registries: RegistryAccess,
  signal: AbortSignal,
): Promise<InputImage> {
  // What the EIF calls it has no part in finding it.
  const targetOf = (own: Partial<Reference> & { repository: string }, tagOrDigest: string): ImageTarget =>
    imageName === undefined
      ? { host: own.host, repository: own.repository, tagOrDigest }
      : { repository: imageName, tagOrDigest };
  if (input.kind === 'registry') {
    const repository = await registries.repository(input.reference);
    return { repository, target: targetOf(input.reference, tagOrDigestOf(input.reference)), close: nothing };
  }
  if (input.kind === 'layout') {
    const repository = new LayoutRepository(input.folder);
    const { digest } = await repository.find(input.name);
    return { repository, target: targetOf({ repository: nameOfPath(input.folder) }, digest), close: nothing };
  }
  const repository = await DockerArchive.open(input.file, signal);
  const close = () => repository.close();
  try {
    const { digest, name } = await repository.find(input.name, signal);
    const own = name === undefined ? { repository: nameOfPath(input.file) } : parseReference(name);
    return { repository, target: targetOf(own, digest), close };
  } catch (error) {
    await close();
    throw error;
  }
}

export async function openOutput({ output }: ConvertCommand, registries: RegistryAccess): Promise<OutputPlace> {
  if (output.kind === 'file') {
    const repository = await EifFileOutput.prepare(output.file);
    const discard = () => repository.discard();
    const target = { repository: nameOfPath(output.file), tagOrDigest: 'latest' };
    const temporaryFiles = [repository.temporaryPath];
    return { repository, target, temporaryFiles, prepare: nothing, commit: () => repository.commit(), discard };
  }
  if (output.kind === 'layout') {
    const repository = new LayoutRepository(output.folder);
    const [prepare, discard] = [() => repository.prepare(), () => repository.discard()];
    const target = { repository: nameOfPath(output.folder), tagOrDigest: output.name };
    return { repository, target, temporaryFiles: [], prepare, commit: nothing, discard };
  }
  const { host, repository: name } = output.reference;
  const repository = await registries.repository(output.reference);
  const target = { host, repository: name, tagOrDigest: tagOrDigestOf(output.reference) };
  return { repository, target, temporaryFiles: [], prepare: nothing, commit: nothing, discard: nothing };
}
