import fc from 'fast-check';
import { BuildPhase } from '../../../src/builds/build-parts.js';
import { toOriginDraft } from '../../../src/formats/image-builder/origin-codec.js';

const ARN = 'arn:aws:imagebuilder:us-west-2:123456789012:image/web/1.0.0/12';
const draftOf = (image: object) => toOriginDraft({ requestId: 'one', image: { arn: ARN, ...image } });

describe("Image Builder's document", () => {
  it('is kept as it came, with or without an answer around it', () => {
    const image = { arn: ARN, name: 'Web', version: '1.0.0/12', dateCreated: '2026-01-02T03:04:05.678Z', future: [1] };
    for (const document of [{ image, requestId: 'one', latestVersionReferences: {} }, image]) {
      expect(toOriginDraft(document)).toMatchObject({
        ...{ kind: 'IMAGE_BUILDER', externalId: ARN, groupKey: ARN.slice(0, -3), state: '', document },
        ...{ build: { name: 'Web', version: '1.0.0/12' }, externalCreatedAt: new Date('2026-01-02T03:04:05.678Z') },
      });
    }
  });

  it.each([
    ['PENDING', 'PENDING'],
    ['CREATING', 'BUILDING'],
    ['BUILDING', 'BUILDING'],
    ['TESTING', 'TESTING'],
    ['DISTRIBUTING', 'DISTRIBUTING'],
    ['INTEGRATING', 'DISTRIBUTING'],
    ['AVAILABLE', 'AVAILABLE'],
    ['CANCELLED', 'CANCELLED'],
    ['FAILED', 'FAILED'],
    ['DEPRECATED', 'DEPRECATED'],
    ['DISABLED', 'DEPRECATED'],
    ['DELETED', 'DELETED'],
    ['HALTED', 'UNKNOWN'],
    ['constructor', 'UNKNOWN'],
    ['', 'UNKNOWN'],
  ])('is, in the state %s, in the phase %s', (status, phase) => {
    expect(draftOf({ state: { status } })).toMatchObject({ state: status, build: { phase } });
    expect(Object.values(BuildPhase)).toContain(phase);
  });

  it.each([
    [['123456789012.dkr.ecr.us-west-2.amazonaws.com/acme/web:1.0.0-12'], 'acme/web', '1.0.0-12'],
    [[7, 'not A name', '123456789012.dkr.ecr.us-west-2.amazonaws.com/web'], 'web', 'latest'],
    [[`123456789012.dkr.ecr.us-west-2.amazonaws.com/web@sha256:${'a'.repeat(64)}`], 'web', `sha256:${'a'.repeat(64)}`],
  ])('tells the docker image of %j', (imageUris, repository, dockerVersion) => {
    const { build } = draftOf({ outputResources: { containers: [null, { region: 'us-west-2', imageUris }] } });
    const dockerImageName = `123456789012.dkr.ecr.us-west-2.amazonaws.com/${repository}`;
    expect(build.dockerInfo).toEqual({ dockerImageName, dockerVersion });
  });

  it('fails for no other reason than that it has no ARN', () => {
    for (const document of [{}, { image: {} }, { arn: '' }, { image: { arn: 7 } }])
      expect(() => toOriginDraft(document)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
    const names = ['name', 'version', 'state', 'dateCreated', 'outputResources', 'containers', 'imageUris', 'status'];
    const flat = fc.jsonValue({ maxDepth: 1 });
    const nested = [1, 2, 3].reduce<fc.Arbitrary<unknown>>(
      (inner) =>
        fc.oneof(
          flat,
          fc.array(inner, { maxLength: 2 }),
          fc.dictionary(fc.constantFrom(...names), inner, { maxKeys: 3 }),
        ),
      flat,
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), nested), (image) => {
        const { build, externalId } = draftOf(image);
        expect([externalId, typeof build.phase]).toEqual([ARN, 'string']);
      }),
      { numRuns: 100 * Number(process.env.TEST_SCALE ?? 1) },
    );
  });
});
