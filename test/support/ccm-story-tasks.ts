// Approvals, and where builds run.
import { randomUUID } from 'node:crypto';
import { idsOf, newApp, newBuild } from './ccm-story.js';
import type { CcmPart } from './ccm-story.js';

export const tasks: CcmPart = (story) => {
  const find = async (query: string) => idsOf(await story().me.ask('GET', `/v1/tasks?${query}`), 'task_id');

  it('approves a build by its task', async () => {
    const { me, userId, email } = story();
    const build = await newBuild(story());
    const id = build.pending_task_id;
    const open = await me.ask('GET', `/v1/tasks/${id}`);
    expect(open).toMatchObject({
      ...{ task_id: id, entity_id: build.build_id, task_type: 'BUILD_WHITELIST', approvals: [] },
      ...{ requester_info: { user_id: userId, requester_type: 'USER' }, status: { status: 'INPROGRESS' } },
    });
    expect(await find('status=PENDING&task_type=BUILD_WHITELIST')).toContain(id);
    const result = await me.ask('PATCH', `/v1/tasks/${id}`, { status: 'APPROVED' });
    expect(result).toMatchObject({ task_id: id, build_id: build.build_id, task_status: { status: 'SUCCESS' } });
    expect(await me.ask('GET', `/v1/tasks/status/${id}`)).toEqual(result);
    const { approvals } = await me.ask('GET', `/v1/tasks/${id}`);
    expect(approvals).toEqual([{ user_id: userId, user_name: email, status: 'APPROVED' }]);
    const after = await me.ask('GET', `/v1/builds/${build.build_id}`);
    expect(after.status.status).toBe('WHITELISTED');
    expect(after).not.toHaveProperty('pending_task_id');
    const configs = { allowed: {} };
    expect(await me.ask('PATCH', `/v1/builds/${build.build_id}`, { configs })).toMatchObject({ configs });
  });

  it('denies a build with a reason, once', async () => {
    const { me } = story();
    const { build_id, pending_task_id: id } = await newBuild(story());
    const denial = { status: 'DENIED', denial_reason: 'Nobody knows the signer' };
    expect(await me.ask('PATCH', `/v1/tasks/${id}`, denial)).toMatchObject({ task_status: { status: 'DENIED' } });
    expect((await me.ask('GET', `/v1/tasks/${id}`)).approvals).toMatchObject([denial]);
    expect((await me.ask('GET', `/v1/builds/${build_id}`)).status.status).toBe('REJECTED');
    expect(await me.refusal('PATCH', `/v1/tasks/${id}`, { status: 'APPROVED' })).toEqual([400, 'INVALID_STATE']);
    expect((await me.ask('GET', `/v1/builds/${build_id}`)).status.status).toBe('REJECTED');
  });

  it('puts the domains of an app into force once they are approved', async () => {
    const { me } = story();
    const { app_id, pending_task_id: id } = await newApp(story(), { allowed_domains: ['a.example', 'b.example'] });
    const domains = ['a.example', 'b.example'];
    const task = await me.ask('GET', `/v1/tasks/${id}`);
    expect(task).toMatchObject({ task_type: 'DOMAIN_WHITELIST', entity_id: app_id, domains_added: domains });
    expect(await find('task_type=DOMAIN_WHITELIST&status=PENDING')).toContain(id);
    const result = await me.ask('PATCH', `/v1/tasks/${id}`, { status: 'APPROVED' });
    expect(result).not.toHaveProperty('build_id');
    const app = await me.ask('GET', `/v1/apps/${app_id}`);
    expect(app).toMatchObject({ whitelisted_domains: domains, domains_added: [], domains_removed: [] });
    const fewer = await me.ask('PATCH', `/v1/apps/${app_id}`, { allowed_domains: ['a.example'] });
    expect(fewer).toMatchObject({ whitelisted_domains: domains, domains_removed: ['b.example'] });
    await me.ask('PATCH', `/v1/tasks/${fewer.pending_task_id}`, { status: 'APPROVED' });
    expect(await me.ask('GET', `/v1/apps/${app_id}`)).toMatchObject({ whitelisted_domains: ['a.example'] });
  });

  it('finds tasks by each filter, in words of its own', async () => {
    const { me, email } = story();
    const [open, closed] = [(await newBuild(story())).pending_task_id, (await newBuild(story())).pending_task_id];
    await me.ask('PATCH', `/v1/tasks/${closed}`, { status: 'DENIED' });
    const narrowed = async (query: string) => (await find(query)).filter((id) => [open, closed].includes(id));
    expect(await narrowed('status=PENDING')).toEqual([open]);
    expect(await narrowed('status=CLOSED')).toEqual([closed]);
    expect(await narrowed('base_filters=task_type:BUILD_WHITELIST,status:CLOSED')).toEqual([closed]);
    expect(await narrowed('base_filters=status:CLOSED&status=PENDING')).toEqual([]);
    expect(await narrowed(`requester=${encodeURIComponent(email)}&sort_by=created_at:ASC`)).toEqual([open, closed]);
    expect(await narrowed(`approver=${encodeURIComponent(email)}`)).toEqual([closed]);
    expect(await narrowed('all_search=manager&sort_by=created_at:DESC')).toEqual([closed, open]);
    expect(await narrowed('task_type=DOMAIN_WHITELIST')).toEqual([]);
    for (const type of ['NODE_ATTESTATION', 'CERTIFICATE_ISSUANCE'])
      expect(await find(`task_type=${type}`)).toEqual([]);
    const page = await me.ask('GET', '/v1/tasks?limit=2&offset=2&sort_by=status:ASC,task_type:DESC,updated_at:ASC');
    expect(page.metadata).toMatchObject({ page: 2, limit: 2 });
    for (const status of ['INPROGRESS', 'SUCCESS']) {
      expect(await me.refusal('GET', `/v1/tasks?status=${status}`)).toEqual([400, 'INVALID_QUERY_PARAMETER']);
    }
  });

  it('deletes tasks that are closed, and no others', async () => {
    const { me } = story();
    const { pending_task_id: id } = await newBuild(story());
    expect(await me.refusal('DELETE', `/v1/tasks/${id}`)).toEqual([400, 'INVALID_STATE']);
    await me.ask('PATCH', `/v1/tasks/${id}`, { status: 'APPROVED' });
    expect((await me.delete(`/v1/tasks/${id}`)).status).toBe(204);
    for (const path of [`/v1/tasks/${id}`, `/v1/tasks/status/${id}`]) {
      expect(await me.refusal('GET', path)).toEqual([404, 'NOT_FOUND']);
    }
  });
};

export const deployments: CcmPart = (story) => {
  const [one, two] = [randomUUID(), randomUUID()];

  it('says where a build runs, by the word of its nodes', async () => {
    const { me } = story();
    const { build_id } = await newBuild(story());
    const path = `/v1/builds/deployments/${build_id}`;
    const first = { node_id: one, node_name: 'alpha', status: 'RUNNING', attested_at: 1_767_225_600 };
    expect(await me.ask('POST', path, first)).toMatchObject({
      ...{
        certificate: {},
        node_id: one,
        node_name: 'alpha',
        status: { status: 'RUNNING', attested_at: 1_767_225_600 },
      },
      build_info: { build_id, deployment_status: { status: 'DEPLOYED' } },
    });
    await me.ask('POST', path, { node_id: two, node_name: 'beta', status: 'STOPPED' });
    const nodes = async (query: string) => idsOf(await me.ask('GET', `${path}?${query}`), 'node_id');
    expect(await nodes('sort_by=node_name:DESC')).toEqual([two, one]);
    expect(await nodes('status=RUNNING&sort_by=created_at:ASC')).toEqual([one]);
    expect(await nodes('all_search=BET&sort_by=status:ASC')).toEqual([two]);
    expect(await nodes('sort_by=node_name:ASC&limit=1&offset=1')).toEqual([two]);
    expect(await me.refusal('DELETE', `/v1/builds/${build_id}`)).toEqual([400, 'INVALID_STATE']);
    const stopped = await me.ask('POST', path, { ...first, status: 'STOPPED' });
    expect(stopped.build_info.deployment_status.status).toBe('UNDEPLOYED');
    expect((await me.delete(`/v1/builds/${build_id}`)).status).toBe(204);
    expect(await me.refusal('GET', path)).toEqual([404, 'NOT_FOUND']);
    expect(await me.refusal('POST', path, first)).toEqual([404, 'NOT_FOUND']);
  });

  it('lists nodes and shows what they run', async () => {
    const { me, accountId } = story();
    const { build_id } = await newBuild(story());
    const [running, stopped] = [randomUUID(), randomUUID()];
    const report = (node_id: string, node_name: string, status: string) =>
      me.ask('POST', `/v1/builds/deployments/${build_id}`, { node_id, node_name, status });
    await report(running, 'Gamma', 'RUNNING');
    await report(stopped, 'delta', 'UNKNOWN');
    const ids = async (query: string) => idsOf(await me.ask('GET', `/v1/nodes?${query}`), 'node_id');
    expect(await ids('name=gam')).toEqual([running]);
    expect(await ids('all_search=DELTA')).toEqual([stopped]);
    expect(await ids(`filter=${running},${stopped}&sort_by=created_at:ASC`)).toEqual([running, stopped]);
    expect(await ids('status=RUNNING&name=gamma&limit=1')).toEqual([running]);
    expect(await ids('status=STOPPED&name=delta')).toEqual([stopped]);
    for (const unknown of ['description=x', 'sgx_version=2', 'attestation_type=x', 'status=FAILED']) {
      expect(await ids(unknown)).toEqual([]);
    }
    const node = await me.ask('GET', `/v1/nodes/${running}`);
    expect(node).toMatchObject({ name: 'Gamma', acct_id: accountId, status: { status: 'RUNNING' }, sgx_info: {} });
    expect(node.apps).toMatchObject([{ node_id: running, status: { status: 'RUNNING' } }]);
    expect(await me.refusal('GET', `/v1/nodes/${randomUUID()}`)).toEqual([404, 'NOT_FOUND']);
    const totals = (await me.ask('GET', `/v1/accounts/${accountId}?with_totals=true`)).totals;
    expect(totals.nodes).toBe((await me.ask('GET', '/v1/nodes')).metadata.total_count);
  });
};
