import { createHash } from 'node:crypto';
import { Store } from '../../src/oci/store.js';
import { parseManifest } from '../../src/oci/manifest.js';
import { outputImage } from '../../src/nitro/output-image.js';
import type { Recipe } from '../../src/proof/recipe.js';
import { referrerOf } from '../../src/proof/referrer.js';
import { IN_TOTO_TYPE, provenanceStatement, statementAnnotations } from '../../src/proof/statement.js';
import { temporaryFolder } from '../support/folders.js';
import { sha256 } from '../support/tar-builder.js';

const digest = (character: string) => `sha256:${character.repeat(64)}`;
const measurements = { pcr0: '0'.repeat(96), pcr1: '1'.repeat(96), pcr2: '2'.repeat(96) };
const recipe: Recipe = {
  converterVersion: '1.2.3',
  architecture: 'amd64',
  input: {
    name: 'docker.io/library/nginx:1.25',
    imageDigest: digest('a'),
    manifestDigest: digest('b'),
    imageId: digest('c'),
    layers: [{ digest: digest('d'), mediaType: 'application/x', sizeBytes: 7, diffId: digest('e') }],
  },
  options: { entrypoint: ['/run'], envVars: ['TOKEN=hunter2', 'BARE'], mutableEnvVars: ['PASSWORD=a=b'] },
  bootBlobs: [{ name: 'bzImage', sha256: 'f'.repeat(64), sizeBytes: 9 }],
  output: {
    name: 'registry.example/out:v1',
    eifSha256: '5'.repeat(64),
    eifSizeBytes: 1000,
    layerDigest: digest('6'),
    manifestDigest: digest('7'),
    measurements,
  },
};
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

describe('the statement', () => {
  const text = provenanceStatement(recipe).toString();
  const statement = JSON.parse(text);
  const { buildDefinition, runDetails } = statement.predicate;

  it('is an in-toto statement about the pushed image and its EIF', () => {
    expect(statement._type).toBe('https://in-toto.io/Statement/v1');
    expect(statement.predicateType).toBe('https://slsa.dev/provenance/v1');
    expect(statement.subject).toEqual([
      { name: 'registry.example/out:v1', digest: { sha256: '7'.repeat(64) } },
      { name: '/enclave/enclave.eif', digest: { sha256: '5'.repeat(64) } },
    ]);
  });

  it('names all that the image was made of, by digest', () => {
    const names = buildDefinition.resolvedDependencies.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['index', 'manifest', 'config', 'layer/0', 'boot/bzImage']);
    expect(buildDefinition.resolvedDependencies[0]).toMatchObject({
      uri: `pkg:oci/nginx@${digest('a')}?arch=amd64&repository_url=docker.io%2Flibrary%2Fnginx`,
      digest: { sha256: 'a'.repeat(64) },
    });
    expect(buildDefinition.resolvedDependencies[3].annotations).toEqual({ diffId: digest('e'), sizeBytes: 7 });
    expect(runDetails.builder).toEqual({ id: 'urn:build-catalog:converter', version: { 'build-catalog': '1.2.3' } });
    expect(runDetails.byproducts[0].annotations).toMatchObject({ 'nitro-enclave.pcr0': measurements.pcr0 });
  });

  it('names an image without an index once', () => {
    const { input } = recipe;
    const direct = { ...recipe, input: { ...input, imageDigest: input.manifestDigest } };
    const { predicate } = JSON.parse(provenanceStatement(direct).toString());
    expect(predicate.buildDefinition.resolvedDependencies[0].name).toBe('manifest');
  });

  it('has the names of environment variables, but of their values only the hash', () => {
    expect(buildDefinition.externalParameters.options).toEqual({
      entrypoint: ['/run'],
      envVars: [
        { name: 'TOKEN', sha256: hashOf('TOKEN=hunter2') },
        { name: 'BARE', sha256: hashOf('BARE') },
      ],
      mutableEnvVars: [{ name: 'PASSWORD', sha256: hashOf('PASSWORD=a=b') }],
    });
    expect(text).not.toMatch(/hunter2|a=b/);
  });

  it('has the same bytes in whatever order the recipe was put together', () => {
    const shuffled = Object.fromEntries(Object.entries(recipe).reverse()) as unknown as Recipe;
    expect(provenanceStatement(shuffled).toString()).toBe(text);
    expect(text).not.toMatch(/202\d-|startedOn|finishedOn|invocationId/);
  });

  it('tells of a signature where there is one', () => {
    const signing = { algorithm: 'ES384', certificateSha256: '9'.repeat(64), pcr8: '8'.repeat(96) };
    const output = { ...recipe.output, measurements: { ...measurements, pcr8: signing.pcr8 } };
    const signed = JSON.parse(provenanceStatement({ ...recipe, signing, output }).toString());
    expect(signed.predicate.buildDefinition.internalParameters).toEqual({ signing });
    expect(statementAnnotations({ ...recipe, signing, output })['nitro-enclave.pcr8']).toBe(signing.pcr8);
    expect(statementAnnotations(recipe)['nitro-enclave.pcr8']).toBeUndefined();
  });
});

describe('the referrer', () => {
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: sha256(Buffer.from('L')), size: 1 };
  const image = outputImage({ descriptor: layer, eifSha256: recipe.output.eifSha256 }, 'amd64', measurements);
  const { mediaType, digest: imageDigest, bytes } = image.manifest;
  const subject = { mediaType, digest: imageDigest, size: bytes.length };
  const attachment = {
    artifactType: IN_TOTO_TYPE,
    mediaType: IN_TOTO_TYPE,
    bytes: provenanceStatement(recipe),
    annotations: statementAnnotations(recipe),
  };
  const referrer = referrerOf(subject, attachment);

  it('is an artifact manifest of OCI 1.1 with the document as its only layer', () => {
    const manifest = JSON.parse(referrer.manifest.bytes.toString());
    expect(manifest).toMatchObject({ schemaVersion: 2, artifactType: IN_TOTO_TYPE, subject });
    expect(manifest.config).toEqual({
      mediaType: 'application/vnd.oci.empty.v1+json',
      digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
      size: 2,
    });
    expect(manifest.layers).toEqual([referrer.blobs[1]!.descriptor]);
    expect(Object.keys(manifest.annotations)).toEqual([
      'in-toto.io/predicate-type',
      'nitro-enclave.pcr0',
      'nitro-enclave.pcr1',
      'nitro-enclave.pcr2',
    ]);
  });

  it('is the same for the same document, in whatever order its annotations come', () => {
    const reversed = Object.fromEntries(Object.entries(attachment.annotations).reverse());
    const again = referrerOf({ ...subject, annotations: { x: 'y' } }, { ...attachment, annotations: reversed });
    expect(again.manifest).toEqual(referrer.manifest);
  });

  it('can be stored beside the image and read back', async () => {
    const { signal } = new AbortController();
    const repository = new Store(temporaryFolder()).repository('account', 'team/app');
    await repository.writeBlob(image.config.descriptor, image.config.bytes, signal);
    await repository.writeBlob(layer, Buffer.from('L'), signal);
    await repository.writeManifest('v1', image.manifest, signal);
    for (const blob of referrer.blobs) await repository.writeBlob(blob.descriptor, blob.bytes, signal);
    await repository.attach(referrer.manifest, signal);
    const stored = await repository.resolve(referrer.manifest.digest, signal);
    expect(parseManifest(stored)).toMatchObject({ kind: 'manifest', layers: [{ mediaType: IN_TOTO_TYPE }] });
  });
});
