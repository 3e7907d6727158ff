// One gateway imports from another that serves CCM, Cycle and Image Builder, through something that counts.
import 'reflect-metadata';
import { join } from 'node:path';
import { ImagebuilderClient, TagResourceCommand } from '@aws-sdk/client-imagebuilder';
import type { DataSource } from 'typeorm';
import { ENTITIES } from '../../src/app-database.js';
import { Origin } from '../../src/builds/origin.entity.js';
import { openReadOnly } from '../../src/db/database.js';
import { WIRE_CREATE_BUILD } from '../formats/ccm/documents.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { everythingIn } from '../support/everything.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { ask, createSource, credentialsFor, sync } from '../support/importing.js';
import type { Kind } from '../support/importing.js';
import { startRecordingForwarder } from '../support/recording-forwarder.js';
import type { RecordingForwarder } from '../support/recording-forwarder.js';
import { cycleImage, imageArn, startUpstreamCatalog } from '../support/upstream-catalog.js';
import type { UpstreamCatalog } from '../support/upstream-catalog.js';

const SCALE = Number(process.env.TEST_SCALE ?? 1);
const COUNT = SCALE > 1 ? 10_000 : 60;
const KINDS: Kind[] = ['CCM', 'CYCLE', 'IMAGE_BUILDER'];

onEachDatabaseAtScale('importing', (database) => {
  /** One with builds of CCM, which lists those of all kinds; another with the others. */
  let ccm: UpstreamCatalog;
  let upstream: UpstreamCatalog;
  let ccmBetween: RecordingForwarder;
  let between: RecordingForwarder;
  let databaseUrl: string;
  let gateway: TestGateway;
  let rows: DataSource;
  const sources = {} as Record<Kind, string>;

  beforeAll(async () => {
    ccm = await startUpstreamCatalog({ ccm: COUNT });
    upstream = await startUpstreamCatalog({ cycle: COUNT, imageBuilder: COUNT });
    ccmBetween = await startRecordingForwarder(ccm.url);
    between = await startRecordingForwarder(upstream.url);
    databaseUrl = await database.create();
    gateway = await startTestGateway({
      DATABASE_URL: databaseUrl,
      UPSTREAM_ALLOW: `${between.host},${ccmBetween.host}`,
    });
    rows = await openReadOnly(databaseUrl, ENTITIES);
    for (const kind of KINDS) {
      const isCcm = kind === 'CCM';
      const credentials = credentialsFor(isCcm ? ccm : upstream)[kind];
      const input = { kind, name: `from ${kind}`, endpoint: (isCcm ? ccmBetween : between).url, credentials };
      sources[kind] = await createSource(gateway, {
        ...input,
        ...(kind === 'IMAGE_BUILDER' && { region: 'eu-west-1' }),
      });
    }
  }, 600_000);
  afterAll(async () => {
    await rows?.destroy();
    await gateway?.close();
    for (const one of [between, ccmBetween, upstream, ccm]) await one?.close();
  });

  const rest = async (method: string, path: string, body?: object): Promise<any> => {
    const { url, token, hubId } = path.startsWith('/v1/images') ? upstream : ccm;
    const headers = { authorization: `Bearer ${token}`, 'x-hub-id': hubId };
    const json = body && { 'content-type': 'application/json' };
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, ...json },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text === '' ? undefined : JSON.parse(text);
  };
  const aws = async (command: object) => {
    const { accessKeyId, secretAccessKey } = upstream;
    const client = new ImagebuilderClient({
      ...{ endpoint: upstream.url, region: 'eu-west-1', credentials: { accessKeyId, secretAccessKey } },
    });
    await client.send(command as never);
    client.destroy();
  };
  const deleteThere = async (kind: Kind, externalId: string) => {
    const there = await openReadOnly(join(upstream.dataDir, 'catalog.sqlite'), ENTITIES);
    const { id } = await there.manager.findOneByOrFail(Origin, { kind, externalId });
    await there.destroy();
    await ask(upstream, `mutation { deleteBuild(input: { buildId: "${id}" }) { deletedBuildId userErrors { code } } }`);
  };
  const originOf = (kind: Kind, externalId: string) =>
    rows.manager.findOneByOrFail(Origin, { kind, sourceKey: sources[kind], externalId });
  const countOf = (kind: Kind) => rows.manager.countBy(Origin, { kind, sourceKey: sources[kind] });

  it('takes over everything, and keeps each document as it came', async () => {
    for (const kind of KINDS) {
      const started = Date.now();
      const run = await sync(gateway, sources[kind]);
      const per1000 = ((Date.now() - started) / COUNT) * 1000;
      if (SCALE > 1)
        process.stdout.write(`first import on ${database.name}, ${kind}: ${per1000.toFixed(0)} ms per 1,000 builds\n`);
      expect(run).toMatchObject({ created: COUNT, updated: 0, gone: 0, failed: 0, failure: null });
      expect(run.source).toMatchObject({ status: 'SUCCEEDED', failure: null });
      expect(await countOf(kind)).toBe(COUNT);
    }
    const { items } = await rest('GET', '/v1/builds?docker_image_name=acme/app-7&limit=1');
    const ccm = await originOf('CCM', items[0].build_id);
    expect(ccm).toMatchObject({ id: items[0].build_id, document: items[0], groupKey: items[0].app_id });
    expect(ccm.related).toEqual({ task: await rest('GET', `/v1/tasks/${items[0].pending_task_id}`) });
    const { id } = cycleImage(7, upstream.hubId);
    expect((await originOf('CYCLE', id)).document).toEqual((await rest('GET', `/v1/images/${id}`)).data);
    const [{ awsAccountId }] = await rows.query(`SELECT "awsAccountId" FROM "account"`);
    expect(awsAccountId).toMatch(/^\d{12}$/);
    const image = await rows.manager.findOneByOrFail(Origin, { kind: 'IMAGE_BUILDER', state: 'AVAILABLE' });
    expect(image.document).toMatchObject({
      image: { imageRecipe: { amiWatermarks: ['newer than any client'], unheardOf: { of: [1, null, 'x'] } } },
    });
    expect(image.related).toMatchObject({ summary: { arn: image.externalId } });
  }, 1_200_000);

  it('gives builds their apps, their review and what attests them', async () => {
    const query = `{ builds(first: 1, filter: { text: "acme/app-7" }) { nodes {
      app { name labels } status { status } pendingTask { type } phase measurements { name value } memSizeMb } } }`;
    const { nodes } = await ask(gateway, query);
    expect(nodes[0]).toMatchObject({
      ...{ app: { name: expect.stringMatching(/^app \d/) }, status: { status: 'PENDING' }, memSizeMb: 2048 },
      ...{ pendingTask: { type: 'BUILD_WHITELIST' }, phase: 'AVAILABLE' },
    });
    expect(nodes[0].measurements.map(({ name }: { name: string }) => name).sort()).toEqual(['mrenclave', 'mrsigner']);
  });

  it('reads only what changed, and changes nothing where nothing did', async () => {
    for (const kind of KINDS) {
      const counting = kind === 'CCM' ? ccmBetween : between;
      counting.asked();
      const run = await sync(gateway, sources[kind]);
      expect(run).toMatchObject({ created: 0, updated: 0, gone: 0, failed: 0 });
      const asked = counting.asked();
      expect(run.requests).toBe(asked.length);
      expect(asked.filter((path) => /GetImage|\/v1\/tasks/.test(path))).toEqual([]);
      const most = {
        CCM: SCALE > 1 ? COUNT / 100 : 6,
        CYCLE: COUNT / 100 + 2,
        IMAGE_BUILDER: COUNT / 5 + COUNT / 100 + 2,
      };
      expect(asked.length).toBeLessThanOrEqual(most[kind]);
      if (kind !== 'CCM') expect(run.unchanged).toBe(COUNT);
    }
  }, 600_000);

  it('sees what changed, what is new, and what is gone, which stays here', async () => {
    const { items } = await rest('GET', '/v1/builds?limit=2&sort_by=created_at:ASC');
    const [changed, deleted] = items.map(({ build_id: id }: any) => id);
    await rest('PATCH', `/v1/builds/${changed}`, { configs: { one: {} } });
    await rest('DELETE', `/v1/builds/${deleted}`);
    const added = await rest('POST', '/v1/builds', { ...WIRE_CREATE_BUILD, app_id: items[0].app_id });
    expect(await sync(gateway, sources.CCM)).toMatchObject({ created: 1, updated: 1, gone: 1, failed: 0 });
    expect((await originOf('CCM', changed)).document).toMatchObject({ configs: { one: {} } });
    expect((await originOf('CCM', deleted)).goneAt).toBeInstanceOf(Date);
    expect((await originOf('CCM', added.build_id)).goneAt).toBeNull();
    const headers = { authorization: `Bearer ${gateway.token}` };
    const here = (await (await fetch(`${gateway.url}/v1/builds/${added.build_id}`, { headers })).json()) as object;
    // What is decided and noticed here is the gateway's own.
    const own = { created_at: 0, updated_at: 0, pending_task_id: 0, deployment_status: 0, status: added.status };
    expect({ ...here, ...own }).toEqual({ ...added, ...own });

    await rest('PATCH', `/v1/images/${cycleImage(3, '').id}`, { name: 'another name' });
    expect(await sync(gateway, sources.CYCLE)).toMatchObject({ created: 0, updated: 1, gone: 0 });
    expect((await originOf('CYCLE', cycleImage(3, '').id)).document).toMatchObject({ name: 'another name' });
    await deleteThere('CYCLE', cycleImage(6, '').id);
    expect(await sync(gateway, sources.CYCLE)).toMatchObject({ created: 0, updated: 0, gone: 1 });

    const { body } = await upstream.send('{ viewer { account { awsAccountId } } }');
    const account = body.data.viewer.account.awsAccountId;
    await aws(new TagResourceCommand({ resourceArn: imageArn(3, account), tags: { team: 'a' } }));
    await deleteThere('IMAGE_BUILDER', imageArn(4, account));
    between.asked();
    expect(await sync(gateway, sources.IMAGE_BUILDER)).toMatchObject({ created: 0, updated: 1, gone: 1 });
    expect(between.asked().filter((path) => path.includes('GetImage'))).toHaveLength(1);
    const gone = await originOf('IMAGE_BUILDER', imageArn(4, account));
    expect(gone.goneAt).toBeInstanceOf(Date);
    expect(await countOf('IMAGE_BUILDER')).toBe(COUNT);
  }, 600_000);

  it('keeps imported builds from being deleted while their source has them', async () => {
    const { id } = await originOf('CYCLE', cycleImage(5, '').id);
    const remove = () =>
      gateway.send(`mutation { deleteBuild(input: { buildId: "${id}" }) { deletedBuildId userErrors { code } } }`);
    expect((await remove()).body.data.deleteBuild).toEqual({
      deletedBuildId: null,
      userErrors: [{ code: 'CONFLICT' }],
    });
    await ask(
      gateway,
      `mutation { deleteSource(input: { sourceId: "${sources.CYCLE}" }) { deletedSourceId userErrors { code } } }`,
    );
    expect((await remove()).body.data.deleteBuild).toEqual({ deletedBuildId: id, userErrors: [] });
    expect(await countOf('CYCLE')).toBe(COUNT - 1);
  });

  it('keeps credentials to itself', async () => {
    const kept = await everythingIn(databaseUrl);
    for (const secret of [ccm.token, upstream.token, upstream.secretAccessKey]) expect(kept).not.toContain(secret);
    const { body } = await gateway.send(
      '{ catalogLog(first: 200) { nodes { before after } } sources { endpoint name } }',
    );
    expect(JSON.stringify(body)).not.toContain(ccm.token);
  });
});
