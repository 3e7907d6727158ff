// Apps: everything one can have, changes, lists, labels, domains.
import { randomUUID } from 'node:crypto';
import { hex, WIRE_CREATE_BUILD } from '../formats/ccm/documents.js';
import { idsOf, newApp, newBuild } from './ccm-story.js';
import type { CcmPart } from './ccm-story.js';

const group_id = randomUUID();

const APP = {
  name: 'payments',
  description: 'Pays what is due',
  input_image_name: 'registry.example.com/acme/pay',
  output_image_name: 'registry.example.com/acme/pay-eif',
  ...{ isvprodid: 1, isvsvn: 2, mem_size: 2048, threads: 8 },
  default_build_settings: {
    sgx: { isvprodid: 3, mem_size: 1024, threads: 4 },
    nitro_enclaves: { cpu_count: 2, mem_size: 512, enable_overlay_filesystem_persistence: false },
  },
  allowed_domains: ['pay.example.com', '*.pay.example.com'],
  advanced_settings: WIRE_CREATE_BUILD.advanced_settings,
  labels: { team: 'money', tier: 'gold' },
  custom_metadata: { 'a/b~c': 'd', '': 'no name' },
  certificate_policy: { require_known_image: true, require_known_signer: false, require_known_node: true },
  signers: [{ sgx: { mrsigner: hex(64, 'aB'), isvprodid: 5 } }, { nitro_enclave: { pcr8: hex(96, 'Ef') } }],
  group_id,
};

const certificate = (appId: string) => `/v1/apps/${appId}/node/${randomUUID()}/certificate`;

/** Nodes are shown with a single app that is asked for. */
const withoutNodes = ({ nodes: _nodes, ...app }: any) => app;

export const apps: CcmPart = (story) => {
  let id: string;

  it('keeps everything that an app can have, to the letter', async () => {
    const { me } = story();
    const { '': _unnamed, ...custom_metadata } = APP.custom_metadata;
    const made = await me.ask('POST', '/v1/apps', { ...APP, custom_metadata });
    expect(made).toMatchObject({ ...APP, custom_metadata, domains_removed: [], whitelisted_domains: [] });
    expect([...made.domains_added].sort()).toEqual([...APP.allowed_domains].sort());
    expect(made.pending_task_id).toEqual(expect.any(String));
    id = made.app_id;
    expect(withoutNodes(await me.ask('GET', `/v1/apps/${id}`))).toEqual(withoutNodes(made));
    expect(await me.refusal('POST', '/v1/apps', APP)).toEqual([400, 'INVALID_BODY_PARAMETER']);
    const again = { ...APP, custom_metadata };
    expect(await me.refusal('POST', '/v1/apps', again)).toEqual([400, 'UNIQUE_VIOLATION']);
  });

  it('changes what is sent and nothing else', async () => {
    const { me } = story();
    const before = withoutNodes(await me.ask('GET', `/v1/apps/${id}`));
    const change = { description: 'Pays late', mem_size: 4096, signers: [], group_id: randomUUID() };
    const changed = withoutNodes(await me.ask('PATCH', `/v1/apps/${id}`, change));
    expect(changed).toEqual({ ...before, ...change, updated_at: expect.any(Number) });
    expect(await me.ask('PATCH', `/v1/apps/${id}`, { group_id })).toMatchObject({ ...change, group_id });
    const other = { allowed_domains: ['other.example.com'] };
    expect(await me.refusal('PATCH', `/v1/apps/${id}`, other)).toEqual([400, expect.any(String)]);
    expect(await me.refusal('PATCH', `/v1/apps/${randomUUID()}`, change)).toEqual([404, 'NOT_FOUND']);
  });

  it('patches labels and metadata as RFC 6902 says, all changes or none', async () => {
    const { me } = story();
    const patched = await me.ask('PATCH', `/v1/apps/${id}`, {
      labels: [
        { op: 'replace', path: '/team', value: 'risk' },
        { op: 'remove', path: '/tier' },
        { op: 'add', path: '/x~1y~0z', value: '1' },
        { op: 'add', path: '/__proto__', value: 'a name like any other' },
      ],
      custom_metadata: [{ op: 'remove', path: '/a~1b~0c' }],
    });
    expect(Object.entries(patched.labels).sort()).toEqual([
      ['__proto__', 'a name like any other'],
      ['team', 'risk'],
      ['x/y~z', '1'],
    ]);
    expect(patched.custom_metadata).toEqual({});
    for (const wrong of [
      { op: 'replace', path: '/nothing', value: 'x' },
      { op: 'remove', path: '/nothing' },
      { op: 'add', path: '/team' },
      { op: 'add', path: '/team', value: 7 },
      { op: 'add', path: 'team', value: 'x' },
      { op: 'add', path: '/team/deeper', value: 'x' },
      { op: 'move', path: '/team', from: '/tier' },
    ]) {
      const labels = [{ op: 'replace', path: '/team', value: 'lost' }, wrong];
      expect(await me.refusal('PATCH', `/v1/apps/${id}`, { labels })).toEqual([400, 'INVALID_BODY_PARAMETER']);
    }
    expect((await me.ask('GET', `/v1/apps/${id}`)).labels).toEqual(patched.labels);
  });

  it('finds apps by each filter, in pages', async () => {
    const { me } = story();
    const other = await newApp(story(), { name: 'ledger', description: 'Books', labels: { team: 'risk' } });
    const list = async (query: string) => idsOf(await me.ask('GET', `/v1/apps?${query}`), 'app_id');
    for (const query of ['name=PAYM', 'description=late', 'all_search=Pays', `filter=${group_id}`]) {
      expect([query, await list(query)]).toEqual([query, [id]]);
    }
    expect(await list(`filter=${encodeURIComponent(JSON.stringify({ groups: [group_id] }))}`)).toEqual([id]);
    expect(await list('sort_by=name:DESC')).toEqual([id, other.app_id]);
    expect(await list('sort_by=created_at:DESC,name:ASC')).toEqual([other.app_id, id]);
    const page = await me.ask('GET', '/v1/apps?limit=1&offset=1&sort_by=name:ASC&all_search=');
    expect(page.metadata).toEqual({ page: 2, pages: 2, limit: 1, total_count: 2, filtered_count: 2 });
    expect(idsOf(page, 'app_id')).toEqual([id]);
    const { items } = await me.ask('GET', '/v1/apps/unique_labels/count');
    expect(items).toContainEqual({ key: 'team', value: 'risk', count: 2 });
    expect(items).toContainEqual({ key: 'x/y~z', value: '1', count: 1 });
  });

  it('shows no certificates, but of apps that are not there says so', async () => {
    const { me } = story();
    for (const suffix of ['', '-details']) {
      expect(await me.refusal('GET', certificate(id) + suffix)).toEqual([501, 'FEATURE_NOT_SUPPORTED']);
      expect(await me.refusal('GET', certificate(randomUUID()) + suffix)).toEqual([404, 'NOT_FOUND']);
    }
  });

  it('shows the nodes that run builds of an app', async () => {
    const { me } = story();
    const { app_id } = await newApp(story());
    const { build_id } = await newBuild(story(), { app_id });
    const report = { node_id: randomUUID(), node_name: 'one', status: 'RUNNING' };
    await me.ask('POST', `/v1/builds/deployments/${build_id}`, report);
    const { nodes } = await me.ask('GET', `/v1/apps/${app_id}`);
    expect(nodes).toMatchObject([{ node_id: report.node_id, node_name: 'one', status: { status: 'RUNNING' } }]);
  });

  it('deletes an app and keeps its builds', async () => {
    const { me } = story();
    const { app_id } = await newApp(story(), { allowed_domains: ['gone.example.com'] });
    const { build_id } = await newBuild(story(), { app_id });
    expect((await me.delete(`/v1/apps/${app_id}`)).status).toBe(204);
    expect(await me.refusal('GET', `/v1/apps/${app_id}`)).toEqual([404, 'NOT_FOUND']);
    expect(await me.ask('GET', `/v1/builds/${build_id}`)).not.toHaveProperty('app_id');
  });
};
