import { RequestContext } from '../../src/auth/request-context.js';
import { BuildProvenanceResolver } from '../../src/conversions/conversion.resolver.js';
import type { Recipe } from '../../src/proof/recipe.js';

const digest = `sha256:${'a'.repeat(64)}`;
const recipe: Recipe = {
  ...{ converterVersion: '1', architecture: 'amd64', options: {}, bootBlobs: [] },
  input: {
    name: 'docker.io/library/nginx:1',
    imageDigest: digest,
    manifestDigest: digest,
    imageId: digest,
    layers: [],
  },
  output: {
    ...{ name: 'registry.example/out:1', eifSha256: 'b'.repeat(64), eifSizeBytes: 1, layerDigest: digest },
    ...{ manifestDigest: digest, measurements: { pcr0: '0', pcr1: '1', pcr2: '2' } },
  },
};

describe('the provenance of a build', () => {
  it('is made once, however many aliases ask for it', async () => {
    const asked: string[][] = [];
    const ofBuilds = (_account: string, ids: readonly string[]) => {
      asked.push([...ids]);
      return Promise.resolve(ids.map((id) => (id === 'bare' ? null : recipe)));
    };
    const resolver = new BuildProvenanceResolver({ ofBuilds });
    const context = new RequestContext(null as never);
    const of = (id: string) => resolver.provenance({ id, accountId: 'account' } as never, context);
    const [first, second, other, none] = await Promise.all([of('x'), of('x'), of('y'), of('bare')]);
    expect(first).toMatchObject({ _type: 'https://in-toto.io/Statement/v1' });
    expect(second).toBe(first);
    expect(other).toEqual(first);
    expect(none).toBeNull();
    expect(await of('x')).toBe(first);
    expect(asked).toEqual([['x', 'y', 'bare']]);
  });
});
