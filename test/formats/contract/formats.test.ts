// One suite over all formats: what comes in is kept, is told again, is paged through, and is refused in the vendor's words.
import { readOpenApi, SCHEMA_REF } from '../../../src/formats/openapi.js';
import { onEachDatabase } from '../../support/databases.js';
import type { TestGateway } from '../../support/gateway.js';
import { ACTOR, startGatewayWith } from '../../support/origins.js';
import { membersMissing } from '../../support/schema-sample.js';
import { ccmContract } from './ccm-contract.js';
import { cycleContract } from './cycle-contract.js';
import { CONTRACT_APP } from './format-contract.js';
import type { FormatContract, Wire } from './format-contract.js';
import { imageBuilderContract } from './image-builder-contract.js';

const FORMATS: FormatContract[] = [ccmContract, cycleContract, imageBuilderContract];
const SMALL_DOCUMENTS = 5;

const draftsOf = (format: FormatContract) => {
  const small = Array.from({ length: SMALL_DOCUMENTS }, (_, number) => format.smallDocument(number + 1));
  return [...Object.values(format.documents), ...small].map((document) => format.toOriginDraft(document));
};

onEachDatabase('all formats', (kind) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGatewayWith(await kind.create(), async ({ tx, accountId, apps, put }) => {
      await apps.upsertImported(tx, accountId, { id: CONTRACT_APP, name: 'contract', isKnown: false }, ACTOR);
      for (const format of FORMATS) {
        for (const draft of draftsOf(format)) await put({ ...draft, sourceKey: `source of ${format.name}` });
      }
    });
  });
  afterAll(() => gateway.close());

  describe.each(FORMATS.map((format) => [format.name, format] as const))('%s', (_name, format) => {
    let wire: Wire;
    beforeAll(async () => {
      wire = await format.connect(gateway);
    });
    const originOf = async (externalId: string) => {
      const query = `query ($id: String!) { buildByOrigin(kind: ${format.kind}, externalId: $id) { id origin { ... on Origin { document } } } }`;
      const { body } = await gateway.send(query, { id: externalId });
      expect(body.errors).toBeUndefined();
      return body.data.buildByOrigin;
    };

    it.each(Object.keys(format.documents))('keeps %s and tells it again', async (title) => {
      const document = format.documents[title]!;
      const { externalId } = format.toOriginDraft(document);
      expect((await originOf(externalId)).origin.document).toEqual(document);
      const answer = await wire.get(externalId);
      expect(answer.status).toBe(200);
      const told = format.documentIn(answer.body);
      expect(format.comparable(told)).toEqual(format.comparable(document));
      // And what was told is the same to whoever imports it from here.
      const again = format.toOriginDraft(told);
      expect(again).toMatchObject({ kind: format.kind, externalId });
      expect(again.build).toMatchObject({ name: format.toOriginDraft(document).build.name });
    });

    it('has every member that its description has', () => {
      const { openApi, schema, except } = format.described;
      const { schemas } = readOpenApi(openApi);
      const documents = Object.values(format.documents);
      expect(membersMissing(schemas, { $ref: `${SCHEMA_REF}${schema}` }, documents)).toEqual(except);
    });

    it('lists every one once, page by page', async () => {
      const seen = await listAll(wire);
      // CCM's paths list every build there is.
      const listed = format === ccmContract ? FORMATS : [format];
      const wanted = draftsOf(format).map(({ externalId }) => externalId);
      expect(seen).toEqual(expect.arrayContaining(wanted));
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toHaveLength(listed.flatMap(draftsOf).length);
    });

    it('says in the words of its vendor what is wrong', async () => {
      expect(await wire.get(format.unknownId)).toMatchObject(format.unknown);
      expect(await wire.sendBadBody()).toMatchObject(format.badBody);
      const known = format.toOriginDraft(format.smallDocument(1)).externalId;
      expect(await wire.getWithoutToken(known)).toMatchObject(format.missingToken);
    });

    it('tells what its mutation made, as CCM does too and no other', async () => {
      const { mutation } = format;
      const others = FORMATS.filter((other) => other !== format && other !== ccmContract);
      const idsOfOthers = () => Promise.all(others.map(async (other) => listAll(await other.connect(gateway))));
      const before = await idsOfOthers();
      const input = { ...mutation.input, ...(await mutation.prepare?.(gateway)) };
      const { body } = await gateway.send(mutation.text, { input });
      expect(body).toMatchObject({ data: { [mutation.name]: { userErrors: [] } } });
      const payload = body.data[mutation.name];
      const answer = await wire.get(mutation.createdId(payload));
      expect(answer.status).toBe(200);
      expect(format.documentIn(answer.body)).toMatchObject(mutation.created);
      expect(await idsOfOthers()).toEqual(before);

      const asCcm = await (await ccmContract.connect(gateway)).get(payload.build.id);
      expect(asCcm).toMatchObject({ status: 200, body: { build_id: payload.build.id } });
      expect(ccmContract.toOriginDraft(asCcm.body).build.name).toBe(payload.build.name ?? undefined);
      // Each of these tests finds what was there before.
      const remove = 'mutation ($id: ID!) { deleteBuild(input: { buildId: $id }) { userErrors { message } } }';
      expect((await gateway.send(remove, { id: payload.build.id })).body.data.deleteBuild.userErrors).toEqual([]);
    });
  });
});

async function listAll(wire: Wire): Promise<string[]> {
  const seen: string[] = [];
  for (let next: string | undefined, more = true; more;) {
    const page = await wire.list(2, next);
    expect(page.ids.length).toBeLessThanOrEqual(2);
    seen.push(...page.ids);
    next = page.next;
    more = next !== undefined;
  }
  return seen;
}
