// Builds: everything one can have, lists, configurations, duplicates.
import { randomUUID } from 'node:crypto';
import { hex, WIRE_ATTRIBUTES, WIRE_CREATE_BUILD } from '../formats/ccm/documents.js';
import { idsOf, newApp, newBuild } from './ccm-story.js';
import type { CcmPart, CcmStory } from './ccm-story.js';

const { mrenclave, mrsigner, isvprodid, isvsvn, ...KEPT } = WIRE_CREATE_BUILD;

export const builds: CcmPart = (story) => {
  it('registers everything that a build can have, all platforms to the letter', async () => {
    const { me } = story();
    const app = await newApp(story(), { description: 'of a build' });
    const made = await me.ask('POST', '/v1/builds', { ...WIRE_CREATE_BUILD, app_id: app.app_id });
    expect(made).toMatchObject({
      ...KEPT,
      enclave_info: { mrenclave, mrsigner, isvprodid, isvsvn },
      ...{ app_id: app.app_id, app_name: app.name, app_description: 'of a build' },
      ...{ status: { status: 'PENDING' }, deployment_status: { status: 'UNDEPLOYED' } },
      pending_task_id: expect.any(String),
    });
    expect(made.attributes).toEqual(WIRE_ATTRIBUTES);
    expect(await me.ask('GET', `/v1/builds/${made.build_id}`)).toEqual(made);
    const { items } = await me.ask('GET', '/v1/builds?limit=1');
    expect(items).toEqual([made]);
    expect(await me.ask('GET', `/v1/builds/${made.build_id.toUpperCase()}`)).toEqual(made);
  });

  it('refuses a second build with the same mrenclave, in whichever case, and takes equal PCRs', async () => {
    const { me } = story();
    for (const same of [mrenclave, mrenclave.toUpperCase()]) {
      expect(await me.refusal('POST', '/v1/builds', { mrenclave: same })).toEqual([400, 'UNIQUE_VIOLATION']);
    }
    const attributes = { nitro_enclave: WIRE_ATTRIBUTES.nitro_enclave };
    const [one, two] = [await newBuild(story(), { attributes }), await newBuild(story(), { attributes })];
    expect(one.build_id).not.toBe(two.build_id);
    expect([one.attributes, two.attributes]).toEqual([attributes, attributes]);
  });

  it('takes the app by its name, makes it for a curated build, and else knows no such app', async () => {
    const { me } = story();
    const app = await newApp(story());
    expect(await newBuild(story(), { app_name: app.name })).toMatchObject({ app_id: app.app_id });
    const docker_info = { docker_image_name: 'example/curated', docker_version: '1' };
    const curated = { app_name: 'curated', group_id: randomUUID(), docker_info };
    const made = await newBuild(story(), curated);
    expect(made).toMatchObject(curated);
    expect(await me.ask('GET', `/v1/apps/${made.app_id}`)).toMatchObject({
      name: 'curated',
      group_id: curated.group_id,
    });
    expect(await newBuild(story(), curated)).toMatchObject({ app_id: made.app_id });
    expect(await me.refusal('POST', '/v1/builds', { app_name: 'nobody' })).toEqual([404, 'NOT_FOUND']);
    expect(await me.refusal('POST', '/v1/builds', { app_id: randomUUID() })).toEqual([404, 'NOT_FOUND']);
  });

  it('says which app configurations a build may use, and nothing else of it changes', async () => {
    const { me } = story();
    const before = await newBuild(story(), { mem_size: 7 });
    const path = `/v1/builds/${before.build_id}`;
    const configs = { [randomUUID()]: {}, second: { kept: ['as', { it: 'comes' }] } };
    const after = await me.ask('PATCH', path, { configs, mem_size: 8 });
    expect(after).toEqual({ ...before, configs, updated_at: expect.any(Number) });
    expect(idsOf(await me.ask('GET', '/v1/builds?config_id=second'))).toEqual([before.build_id]);
    expect(await me.ask('PATCH', path, {})).toEqual(after);
    expect(await me.ask('PATCH', path, { configs: {} })).not.toHaveProperty('configs');
    expect((await me.delete(path)).status).toBe(204);
    expect(await me.refusal('GET', path)).toEqual([404, 'NOT_FOUND']);
    expect(await me.refusal('DELETE', path)).toEqual([404, 'NOT_FOUND']);
  });
};

/** Four builds that each filter tells apart from the others. */
async function searched(story: CcmStory): Promise<{ ids: string[]; group: string }> {
  const { me } = story;
  const group = randomUUID();
  const app = await newApp(story, { name: 'Needle app', output_image_name: 'example/needle-out' });
  const made = [
    await newBuild(story, { docker_info: { docker_image_name: 'example/Haystack', docker_version: '1' } }),
    await newBuild(story, { app_id: app.app_id }),
    await newBuild(story, { mrenclave: hex(64, '5a'), mrsigner: hex(64, '5b'), isvprodid: 1, isvsvn: 1 }),
    await newBuild(story, { group_id: group }),
  ];
  const ids = made.map(({ build_id }) => build_id as string);
  await me.ask('PATCH', `/v1/tasks/${made[0].pending_task_id}`, { status: 'APPROVED' });
  await me.ask('PATCH', `/v1/tasks/${made[1].pending_task_id}`, { status: 'DENIED', denial_reason: 'hay' });
  await me.ask('POST', `/v1/builds/deployments/${ids[2]}`, { node_id: randomUUID(), status: 'RUNNING' });
  return { ids, group };
}

export const buildLists: CcmPart = (story) => {
  let ids: string[];
  let group: string;
  beforeAll(async () => ({ ids, group } = await searched(story())));

  const list = async (query: string) => idsOf(await story().me.ask('GET', `/v1/builds?${query}`));

  it('finds builds by each filter', async () => {
    const filters: [string, number][] = [
      ['all_search=haystack', 0],
      ['all_search=NEEDLE+APP', 1],
      ['all_search=needle-out', 1],
      [`all_search=${hex(64, '5A')}`, 2],
      [`all_search=${hex(20, '5b')}`, 2],
      ['docker_image_name=example%2Fhay', 0],
      ['docker_image_name=needle-out', 1],
      [`filter=${group}`, 3],
      [`filter=%7B%22groups%22:%5B%22${group.toUpperCase()}%22%5D%7D`, 3],
    ];
    for (const [query, at] of filters) expect([query, await list(query)]).toEqual([query, [ids[at]]]);
    const narrowed = async (query: string) => (await list(query)).filter((id) => ids.includes(id)).sort();
    expect(await narrowed('status=WHITELISTED')).toEqual([ids[0]]);
    expect(await narrowed('status=REJECTED')).toEqual([ids[1]]);
    expect(await narrowed('status=PENDING')).toEqual([ids[2], ids[3]].sort());
    expect(await narrowed('deployed_status=DEPLOYED')).toEqual([ids[2]]);
    expect(await narrowed('deployed_status=UNDEPLOYED&status=PENDING')).toEqual([ids[3]]);
    expect(await narrowed('status=&deployed_status=&all_search=&limit=&unknown=1')).toEqual([...ids].sort());
  });

  it('pages without losing any, and says where a page stands', async () => {
    const { me } = story();
    const whole = await me.ask('GET', '/v1/builds?sort_by=created_at:ASC');
    const count = whole.items.length;
    const counts = { total_count: count, filtered_count: count };
    expect(whole.metadata).toEqual({ page: 1, pages: 1, limit: 1000, ...counts });
    const large = await me.ask('GET', '/v1/builds?limit=5000');
    expect(large.metadata).toEqual({ page: 1, pages: 1, limit: 1000, ...counts });
    const pages: string[] = [];
    for (let offset = 0; offset < count; offset += 3) {
      const page = await me.ask('GET', `/v1/builds?sort_by=created_at:ASC&limit=3&offset=${offset}`);
      expect(page.metadata).toEqual({ page: offset / 3 + 1, pages: Math.ceil(count / 3), limit: 3, ...counts });
      pages.push(...idsOf(page));
    }
    expect(pages).toEqual(idsOf(whole));
    const beyond = await me.ask('GET', '/v1/builds?limit=10&offset=100000');
    expect(beyond).toMatchObject({ items: [], metadata: counts });
    const found = await me.ask('GET', '/v1/builds?all_search=haystack');
    expect(found.metadata).toMatchObject({ pages: 1, total_count: count, filtered_count: 1 });
  });

  it.each(['created_at', 'updated_at', 'build_name', 'docker_image_name', 'app_name', 'status', 'deployment_status'])(
    'sorts by %s in both directions',
    async (key) => {
      const [up, down] = [await list(`sort_by=${key}:ASC`), await list(`sort_by=${key}:DESC,created_at:ASC`)];
      expect([...up].sort()).toEqual([...down].sort());
      const of = (query: string) => story().me.ask('GET', `/v1/builds?${query}`);
      const first = ((await of(`sort_by=${key}:ASC&limit=1`)) as { items: any[] }).items;
      expect(idsOf({ items: first })).toEqual(up.slice(0, 1));
    },
  );

  it('refuses what no list can be', async () => {
    const { me } = story();
    for (const query of [
      'limit=0',
      'limit=-1',
      'limit=x',
      'offset=-1',
      'sort_by=name',
      'sort_by=nonsense:ASC',
      'filter=x',
      'status=CLOSED',
    ]) {
      expect([query, ...(await me.refusal('GET', `/v1/builds?${query}`))]).toEqual([
        query,
        400,
        'INVALID_QUERY_PARAMETER',
      ]);
    }
    expect(await me.refusal('GET', '/v1/builds/seven')).toEqual([400, 'INVALID_PATH_PARAMETER']);
  });
};
