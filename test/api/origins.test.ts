import { getNamedType, isObjectType } from 'graphql';
import type { GraphQLObjectType } from 'graphql';
import { describeSchema } from '../../src/app-resolvers.js';
import { BuildPhase, BuildStatusType } from '../../src/builds/build-parts.js';
import type { OriginDraft } from '../../src/builds/origin.service.js';
import { toOriginDraft as fromCycle } from '../../src/formats/cycle/origin-codec.js';
import { toOriginDraft as fromImageBuilder } from '../../src/formats/image-builder/origin-codec.js';
import { readOpenApi, SCHEMA_REF } from '../../src/formats/openapi.js';
import { onEachDatabase } from '../support/databases.js';
import type { TestGateway } from '../support/gateway.js';
import { ACTOR, startGatewayWith } from '../support/origins.js';
import { sampleOf } from '../support/schema-sample.js';
import { statementsDuring } from '../support/statements.js';

const documentOf = (file: string, name: string, given: object) =>
  sampleOf(readOpenApi(file).schemas, { $ref: `${SCHEMA_REF}${name}` }, given as Record<string, unknown>) as any;

const CCM_ID = 'd9428888-122b-41e1-b85c-61cd3cbb3210';
const CYCLE_ID = '65f1a2b3c4d5e6f708192a3b';
const ARN = 'arn:aws:imagebuilder:eu-central-1:123456789012:image/every-field/1.2.3/4';
const SECRET = 'nobody may read this';
const SHA = 'ab'.repeat(32);

const ccmDocument = {
  ...documentOf('ccm', 'Build', { build_id: CCM_ID }),
  status: { status: 'REJECTED', status_updated_at: 1_700_000_000 },
};
const ccm: OriginDraft = {
  ...{ kind: 'CCM', sourceKey: 'source-ccm', externalId: CCM_ID, buildId: CCM_ID, state: 'REJECTED' },
  document: ccmDocument,
  related: { task: documentOf('ccm', 'Task', {}) },
  review: { status: BuildStatusType.WHITELISTED },
  build: { name: 'from CCM', phase: BuildPhase.AVAILABLE },
};
const secrets = Object.fromEntries(
  ['token', 'password', 'secret', 'passphrase', 'private_key'].map((name) => [name, SECRET]),
);
const cycleDocument = documentOf('cycle', 'Image', { id: CYCLE_ID, ...secrets });
const cycle: OriginDraft = {
  ...fromCycle(cycleDocument, { source: documentOf('cycle', 'ImageSource', secrets) }),
  sourceKey: 'source-cycle',
};
const imageBuilder: OriginDraft = {
  ...fromImageBuilder(documentOf('image-builder', 'GetImageResponse', { arn: ARN })),
  sourceKey: 'served',
};
const hostile: OriginDraft = {
  ...{ kind: 'IMAGE_BUILDER', sourceKey: 'source-ib', externalId: `${ARN}0`, state: 'FUTURE' },
  document: JSON.parse(
    '{"image": {"__proto__": {"arn": "x"}, "constructor": 1, "arn": {}, "tags": [], "state": "AVAILABLE", "imageRecipe": [[]], "outputResources": {"amis": {"a": 1}, "containers": [1, null, {"imageUris": [1, "u"]}]}, "dateCreated": "0001-01-01T00:00:00Z", "imageTestsConfiguration": {"timeoutMinutes": 1e300}}, "latestVersionReferences": 7}',
  ) as Record<string, unknown>,
  related: { [`__proto__`]: 1 },
  build: { name: 'hostile', phase: BuildPhase.UNKNOWN },
};

/** Every member of a vendor's document, as deep as it goes. */
function selectionOf(type: GraphQLObjectType): string {
  const selected = Object.values(type.getFields()).flatMap(({ name, type: of }) => {
    const named = getNamedType(of);
    if (!isObjectType(named)) return [name];
    return /^(Ccm|Cycle|ImageBuilder)/.test(named.name) ? [`${name} { ${selectionOf(named)} }`] : [];
  });
  return selected.join(' ');
}

const schema = describeSchema();
const whole = (type: string) =>
  `origin { __typename ... on ${type} { ${selectionOf(schema.getType(type) as GraphQLObjectType)} } }`;

/** Paths of what is null or empty. */
const nothingIn = (value: unknown, path = ''): string[] => {
  if (value === null || (Array.isArray(value) && value.length === 0)) return [path];
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, child]) => nothingIn(child, `${path}.${name}`));
};

onEachDatabase('where builds came from', (kind) => {
  let gateway: TestGateway;
  const ask = async (query: string) => {
    const { body } = await gateway.send(query);
    expect(body.errors).toBeUndefined();
    return body.data;
  };
  const names = async (filter: string) =>
    (await ask(`{ builds(filter: ${filter}) { nodes { name } } }`)).builds.nodes.map(({ name }: any) => name).sort();

  beforeAll(async () => {
    gateway = await startGatewayWith(await kind.create(), async ({ tx, accountId, origins, put }) => {
      await put(ccm);
      await put(cycle);
      await put(imageBuilder);
      await put(hostile);
      for (let number = 0; number < 50; number += 1) {
        const id = `65f1a2b3c4d5e6f7000000${number.toString(16).padStart(2, '0')}`;
        const document = { id, name: `image ${number}`, state: { current: number === 7 ? 'saving' : 'live' } };
        await put({ ...fromCycle(document), sourceKey: 'source-many' }, number === 9 ? 'job-0' : 'job-1');
      }
      const gone = { kind: 'CYCLE', sourceKey: 'source-many', seenIn: 'job-1', limit: 10 } as const;
      await origins.markGone(tx, accountId, gone, ACTOR);
    });
    await ask(
      'mutation { createBuild(input: { dockerInfo: { dockerImageName: "own", dockerVersion: "1" } }) { build { id } } }',
    );
  });
  afterAll(() => gateway.close());

  it('is told with every member of each vendor’s document', async () => {
    const fields = (id: string, of: string, type: string) =>
      `buildByOrigin(kind: ${of}, externalId: "${id}") { name ${whole(type)} }`;
    const fromCcm = await ask(`{ ${fields(CCM_ID.toUpperCase(), 'CCM', 'CcmOrigin')} }`);
    expect(nothingIn(fromCcm.buildByOrigin)).toEqual(['.origin.goneAt']);
    expect(fromCcm.buildByOrigin.origin).toMatchObject({
      ...{ kind: 'CCM', externalId: CCM_ID, sourceId: 'source-ccm', isStale: false, isGone: false },
      ...{ document: ccmDocument, reviewStatus: 'REJECTED', reviewDiffers: true },
      build: { buildId: CCM_ID, createdAt: '2023-11-14T22:13:20.000Z', attributes: [{ key: 'one' }] },
    });
    const ofCycle = await ask(`{ ${fields(CYCLE_ID, 'CYCLE', 'CycleOrigin')} }`);
    expect(nothingIn(ofCycle.buildByOrigin)).toEqual(['.origin.goneAt']);
    expect(ofCycle.buildByOrigin.origin).toMatchObject({
      image: { id: CYCLE_ID, events: { created: '2026-01-02T03:04:05.000Z' }, size: 1_700_000_000 },
      related: { source: { id: 'a id' } },
    });
    const ofAws = await ask(`{ ${fields(ARN, 'IMAGE_BUILDER', 'ImageBuilderOrigin')} }`);
    expect(nothingIn(ofAws.buildByOrigin)).toEqual(['.origin.sourceId', '.origin.goneAt']);
    expect(ofAws.buildByOrigin.origin).toMatchObject({
      document: imageBuilder.document,
      image: { arn: ARN, dateCreated: expect.any(String), tags: { one: 'a one' } },
    });
  });

  it('is told without the secrets that a document has', async () => {
    expect(JSON.stringify([cycleDocument, cycle.related]).split(SECRET).length).toBeGreaterThan(10);
    const text = JSON.stringify(
      await ask(`{ buildByOrigin(kind: CYCLE, externalId: "${CYCLE_ID}") { ${whole('CycleOrigin')} } }`),
    );
    expect(text).not.toContain(SECRET);
    expect(text).toContain('a username');
  });

  it('is told of documents that are not as they should be', async () => {
    const query = `{ buildByOrigin(kind: IMAGE_BUILDER, externalId: "${ARN}0") { ${whole('ImageBuilderOrigin')} } }`;
    const { origin } = (await ask(query)).buildByOrigin;
    expect(origin).toMatchObject({ state: 'FUTURE', latestVersionReferences: null });
    expect(origin.image).toMatchObject({ arn: null, tags: null, state: null, imageRecipe: null, dateCreated: null });
    expect(origin.image.outputResources).toMatchObject({ amis: null, containers: [{ imageUris: ['u'] }] });
  });

  it('is null for builds made here, and no build has an id that nobody gave', async () => {
    const { builds } = await ask('{ builds(filter: { madeHere: true }) { nodes { name origin { __typename } } } }');
    expect(builds.nodes).toEqual([{ name: null, origin: null }]);
    const none = await ask(`{ buildByOrigin(kind: CCM, externalId: "${CYCLE_ID}") { id } }`);
    expect(none.buildByOrigin).toBeNull();
  });

  it('takes one statement for 50 builds', async () => {
    const page = (fields: string) =>
      `{ builds(first: 50, filter: { sourceId: "source-many" }) { nodes { ${fields} } } }`;
    const count = async (fields: string) =>
      (await statementsDuring(async () => expect((await ask(page(fields))).builds.nodes).toHaveLength(50))).length;
    const without = await count('id');
    expect(
      await count('id origin { ... on Origin { kind externalId document } ... on CycleOrigin { image { name } } }'),
    ).toBe(without + 1);
    expect(await count('id conflicts { kind }')).toBeLessThanOrEqual(without + 2);
  });

  it('is what builds are filtered by', async () => {
    expect(await names('{ originKind: [CCM, IMAGE_BUILDER] }')).toEqual(['a name', 'from CCM', 'hostile']);
    expect(await names('{ originKind: [] }')).toEqual([]);
    expect(await names('{ sourceId: "source-ccm" }')).toEqual(['from CCM']);
    expect(await names('{ isImported: false }')).toEqual([null, 'a name'].sort());
    expect(await names('{ isImported: true, originKind: [IMAGE_BUILDER] }')).toEqual(['hostile']);
    expect(await names('{ madeHere: false, originKind: [CCM] }')).toEqual(['from CCM']);
    expect(await names('{ isGone: true }')).toEqual(['image 9']);
    expect(await names('{ isGone: false, sourceId: "source-many", text: "image 9" }')).toEqual([]);
    expect(await names('{ phase: [BUILDING] }')).toEqual(['image 7']);
    expect(await names('{ phase: [] }')).toEqual([]);
    expect(await names(`{ imageDigest: "sha256:${SHA.toUpperCase()}" }`)).toEqual([]);
  });

  it('is what builds are searched by: the vendor’s id, from its beginning, and its name', async () => {
    const search = async (text: string) =>
      (await ask(`{ search(text: "${text}") { nodes { ... on Build { name } } } }`)).search.nodes.map(
        ({ name }: any) => name,
      );
    expect((await search(ARN)).sort()).toEqual(['a name', 'hostile']);
    expect((await search(ARN.slice(0, -2))).sort()).toEqual(['a name', 'hostile']);
    expect(await search(CYCLE_ID.toUpperCase())).toEqual(['a name']);
    expect(await search(CCM_ID)).toEqual(['from CCM']);
    expect(await search('65f1a2b3c4d5e6f700000031')).toEqual(['image 49']);
    expect(await search('image 49')).toEqual(['image 49']);
    expect(await search(ARN.slice(4))).toEqual([]);
  });
});
