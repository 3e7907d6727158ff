// Docker images of a few files, put into the store of a gateway that runs, and EIFs taken out of it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../src/oci/media-types.js';
import { Store } from '../../src/oci/store.js';
import { temporaryFolder } from './folders.js';
import type { TestGateway } from './gateway.js';
import { sha256, tarOf } from './tar-builder.js';
import type { Member } from './tar-builder.js';

const signal = new AbortController().signal;

/** @param config as in an image's config: Entrypoint, Env ... */
export async function storeSmallImage(
  gateway: TestGateway,
  [repository, tag]: [string, string],
  layers: (Member | string)[][],
  config: object = {},
): Promise<string> {
  const { body } = await gateway.send('{ viewer { account { id } } }');
  const into = new Store(join(gateway.dataDir, 'store')).repository(body.data.viewer.account.id, repository);
  const write = async (mediaType: string, bytes: Buffer) => {
    const descriptor = { mediaType, digest: sha256(bytes), size: bytes.length };
    await into.writeBlob(descriptor, bytes, signal);
    return descriptor;
  };
  const tars = layers.map((members) => tarOf(members));
  const described = [];
  for (const tar of tars) described.push(await write(OCI_LAYER, tar));
  const image = { architecture: 'amd64', os: 'linux', config, rootfs: { type: 'layers', diff_ids: tars.map(sha256) } };
  const configBlob = await write(OCI_CONFIG, Buffer.from(JSON.stringify(image)));
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: configBlob, layers: described };
  const bytes = Buffer.from(JSON.stringify(manifest));
  await into.writeManifest(tag, { mediaType: OCI_MANIFEST, digest: sha256(bytes), bytes }, signal);
  return `${new URL(gateway.url).host}/${repository}:${tag}`;
}

export interface PulledEif {
  file: string;
  annotations: Record<string, string>;
}

/** Pulls what a conversion wrote into the store, by its name. */
export async function pullEif(gateway: TestGateway, name: string): Promise<PulledEif> {
  const [, repository, tag] = /^[^/]+\/(.*):([^:]+)$/.exec(name)!;
  const get = (path: string) =>
    fetch(`${gateway.url}/v2/${repository}/${path}`, { headers: { authorization: `Bearer ${gateway.token}` } });
  const { layers, annotations } = (await (await get(`manifests/${tag}`)).json()) as {
    layers: { digest: string }[];
    annotations: Record<string, string>;
  };
  const tar = Buffer.from(await (await get(`blobs/${layers[0]!.digest}`)).arrayBuffer());
  const sizeBytes = parseInt(tar.toString('latin1', 512 + 124, 512 + 136), 8);
  const file = join(temporaryFolder(), 'enclave.eif');
  writeFileSync(file, tar.subarray(1024, 1024 + sizeBytes));
  return { file, annotations };
}
