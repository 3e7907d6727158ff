// What the child process can do, each with the repositories, files and signers it needs. The composition root of that
// process: nothing else there news anything.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { JobFailure, JobFailureCode } from '../lib/job-failure.js';
import { Upstream } from '../lib/upstream.js';
import { isSignatureOf, parseSigningCertificate } from '../nitro/signing.js';
import type { ImageRepository } from '../oci/image-repository.js';
import { LayerCache } from '../oci/layer-cache.js';
import { RegistryClient } from '../oci/registry-client.js';
import type { RegistryCredentials } from '../oci/registry-auth.js';
import { Store } from '../oci/store.js';
import type {
  ChildTask,
  ConversionTask,
  DiffTask,
  ImportTask,
  ReproductionTask,
  SigningTask,
  TaskResult,
} from './child-messages.js';
import { convert } from './convert.js';
import type { ConversionReports } from './conversion-place.js';
import type { ImageTarget } from './image-target.js';
import { eifSigner, SignatureWanted } from './eif-signer.js';
import type { NamedSigner } from './eif-signer.js';
import { compareEifs, fetchEif } from './fetch-eif.js';
import { importImage } from './import-image.js';
import { reproduce } from './reproduce.js';

export interface Parent {
  reports: ConversionReports;
  /** r and s by the gateway's own key. */
  askForSignature: (pcr0: string) => Promise<Buffer>;
}

interface Tools {
  store: Store;
  repositoryOf: (target: ImageTarget, credentials?: RegistryCredentials) => ImageRepository;
  toolVersion: string;
  signal: AbortSignal;
}

/** Throws JobFailure, SignatureWanted, or what is a defect. */
export async function workOn(task: ChildTask, toolVersion: string, parent: Parent): Promise<TaskResult> {
  const upstream = new Upstream(task.upstream);
  const store = new Store(task.storeDir);
  const registries = new RegistryClient(upstream, { onRetry: parent.reports.log });
  const repositoryOf = ({ host, repository }: ImageTarget, credentials?: RegistryCredentials) =>
    host === undefined
      ? store.repository(task.accountId, repository)
      : registries.repository({ host, repository }, credentials);
  const tools = { store, repositoryOf, toolVersion, signal: new AbortController().signal };
  try {
    switch (task.kind) {
      case 'convert':
        return await convertTask(task, tools, parent);
      case 'reproduce':
        return await reproduceTask(task, tools, parent);
      case 'diff':
        return await diffTask(task, tools);
      case 'import':
        return await importTask(task, tools, parent);
    }
  } finally {
    await upstream.close();
  }
}

async function convertTask(task: ConversionTask, tools: Tools, parent: Parent): Promise<TaskResult> {
  const { request, names, credentials, signing } = task;
  const { store, repositoryOf, signal } = tools;
  const layerFile = request.output.host === undefined ? store.temporaryFile() : join(task.spoolDir, 'output.tar');
  const place = {
    ...placeOf(task, tools),
    output: repositoryOf(request.output, credentials.output),
    layerFile,
  };
  const sign = signing && signerOf(signing, parent);
  try {
    return { kind: 'converted', result: await convert({ ...request, names, sign }, place, parent.reports, signal) };
  } finally {
    // What can not be removed now is swept later; it changes nothing about the result.
    await rm(layerFile, { force: true }).catch(() => undefined);
  }
}

async function reproduceTask(task: ReproductionTask, tools: Tools, { reports }: Parent): Promise<TaskResult> {
  const { request, recipe, credentials } = task;
  const place = {
    ...placeOf(task, tools),
    original: tools.repositoryOf(request.output, credentials.output),
    layerFile: join(task.spoolDir, 'output.tar'),
    // It stands in the metadata: what a later version does otherwise is to be seen, not its number.
    toolVersion: recipe.converterVersion,
  };
  return { kind: 'reproduced', result: await reproduce({ ...request, recipe }, place, reports, tools.signal) };
}

async function diffTask(task: DiffTask, { repositoryOf, signal }: Tools): Promise<TaskResult> {
  const fetched = task.images.map(({ target, credentials }, index) => {
    const path = join(task.spoolDir, `image-${index}.tar`);
    return () => fetchEif(repositoryOf(target, credentials), target.tagOrDigest, path, signal);
  });
  const [a, b] = [await fetched[0]!(), await fetched[1]!()];
  return { kind: 'diffed', diff: await compareEifs(a, b, signal) };
}

async function importTask(task: ImportTask, tools: Tools, { reports }: Parent): Promise<TaskResult> {
  const { input, output, credentials, accountId, storeDir, roomBytes } = task;
  const place = {
    input: tools.repositoryOf(input, credentials.input),
    output: tools.store.repository(accountId, output.repository),
    ...{ storeDir, roomBytes },
    temporaryFile: () => tools.store.temporaryFile(),
  };
  const image = await importImage({ from: input, tag: output.tagOrDigest }, place, reports, tools.signal);
  return { kind: 'imported', image };
}

const placeOf = (task: ConversionTask | ReproductionTask, { repositoryOf, toolVersion }: Tools) => ({
  input: repositoryOf(task.request.input, task.credentials.input),
  blobsDir: task.blobsDir,
  spoolDir: task.spoolDir,
  toolVersion,
  cache: task.cacheDir === undefined ? undefined : new LayerCache(task.cacheDir),
});

function signerOf({ certificate: pem, by }: SigningTask, { askForSignature }: Parent): NamedSigner {
  const certificate = parseSigningCertificate(pem);
  return eifSigner(certificate, async (pcr0, imageDigest) => {
    if (by === 'parent') return askForSignature(pcr0);
    if (by.signature === undefined) throw new SignatureWanted(pcr0, imageDigest);
    const signature = Buffer.from(by.signature, 'base64');
    if (!isSignatureOf(certificate, pcr0, signature)) throw signatureInvalid();
    return signature;
  });
}

const signatureInvalid = () =>
  new JobFailure(
    JobFailureCode.SIGNATURE_INVALID,
    'The image now measures something else than what was signed.',
    'The boot files of the gateway were changed since: retry the job, and have the new digest signed.',
  );
