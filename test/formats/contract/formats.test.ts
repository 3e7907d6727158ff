// One suite over all formats: what comes in is kept, is told again, is paged through, and is refused in the vendor's words.
import { describeSchema } from '../../../src/app-resolvers.js';
import { onEachDatabase } from '../../support/databases.js';
import type { TestGateway } from '../../support/gateway.js';
import { startGatewayWith } from '../../support/origins.js';
import { ccmContract } from './ccm-contract.js';
import { cycleContract } from './cycle-contract.js';
import type { FormatContract, Wire } from './format-contract.js';
import { imageBuilderContract } from './image-builder-contract.js';

const FORMATS: FormatContract[] = [ccmContract, cycleContract, imageBuilderContract];
const SMALL_DOCUMENTS = 5;
const mutations = describeSchema().getMutationType()!.getFields();

const draftsOf = (format: FormatContract) => {
  const small = Array.from({ length: SMALL_DOCUMENTS }, (_, number) => format.smallDocument(number + 1));
  return [...Object.values(format.documents), ...small].map((document) => format.toOriginDraft(document));
};

onEachDatabase('all formats', (kind) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGatewayWith(await kind.create(), async ({ put }) => {
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

    it('lists every one once, page by page', async () => {
      const seen: string[] = [];
      for (let next: string | undefined, more = true; more;) {
        const page = await wire.list(2, next);
        expect(page.ids.length).toBeLessThanOrEqual(2);
        seen.push(...page.ids);
        next = page.next;
        more = next !== undefined;
      }
      const wanted = draftsOf(format).map(({ externalId }) => externalId);
      expect(seen).toEqual(expect.arrayContaining(wanted));
      expect(new Set(seen).size).toBe(seen.length);
    });

    it('says in the words of its vendor what is wrong', async () => {
      expect(await wire.get(format.unknownId)).toMatchObject(format.unknown);
      expect(await wire.sendBadBody()).toMatchObject(format.badBody);
      const known = format.toOriginDraft(format.smallDocument(1)).externalId;
      expect(await wire.getWithoutToken(known)).toMatchObject(format.missingToken);
    });

    const { mutation } = format;
    const isThere = mutation.name in mutations;
    (isThere ? it : it.skip)(
      `tells what ${mutation.name} made${isThere ? '' : ' (skipped: there is no such mutation)'}`,
      async () => {
        const input = { ...mutation.input, ...(await mutation.prepare?.(gateway)) };
        const { body } = await gateway.send(mutation.text, { input });
        expect(body).toMatchObject({ data: { [mutation.name]: { userErrors: [] } } });
        const answer = await wire.get(mutation.createdId(body.data[mutation.name]));
        expect(answer.status).toBe(200);
        expect(format.documentIn(answer.body)).toMatchObject(mutation.created);
      },
    );
  });
});
