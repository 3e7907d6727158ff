import { startConvertingGateway, storeSampleImage } from '../support/conversions.js';
import type { TestGateway } from '../support/gateway.js';
import { call } from '../support/people.js';

describe("details of CCM's interface", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startConvertingGateway();
  });
  afterAll(() => gateway.close());

  const ask = (method: string, path: string, body?: object) =>
    call(gateway, method, path, { token: gateway.token, body });
  const newBuild = async (document: object = {}) => (await ask('POST', '/v1/builds', document)).body;

  it('keeps what it knows nothing about as it came, nulls and empty texts included', async () => {
    const { build_id } = await newBuild();
    const configs = { one: { a: null, b: { c: null, d: '' }, l: [{ x: null }, null] } };
    const { body } = await ask('PATCH', `/v1/builds/${build_id}`, { configs });
    expect(body.configs).toEqual(configs);
    const { body: seen } = await gateway.send(`{ build(id: "${build_id}") { configs } }`);
    expect(seen.data.build.configs).toEqual(configs);
  });

  it('leads to paths that begin as the one that was asked', async () => {
    const image = await storeSampleImage(gateway, 'acme/prefix');
    const { body: app } = await ask('POST', '/v1/apps', {
      name: 'prefix',
      input_image_name: image.replace(/:[^:/]*$/, ''),
      output_image_name: `${image.replace(/:[^:/]*$/, '')}-eif`,
    });
    const path = '/api/v1/confidential_computing/builds/convert-app';
    const body = { app_id: app.app_id, input_docker_version: '1', docker_version: '', output_docker_version: '' };
    const headers = { prefer: 'respond-async', authorization: `Bearer ${gateway.token}` };
    const accepted = await call(gateway, 'POST', path, { headers, body });
    expect([accepted.status, accepted.body.message]).toEqual([202, undefined]);
    expect(accepted.headers.get('location')).toMatch(/^\/api\/v1\/confidential_computing\/builds\/convert-app\/jobs\//);
  });

  it('refuses not to push, instead of pushing all the same', async () => {
    const request = {
      input_image: { name: 'acme/in:1' },
      output_image: { name: 'acme/out:1' },
      converter_options: { push_converted_image: false },
    };
    const refused = await ask('POST', '/v1/tools/converter/convert-app/nitro-enclaves', {
      request,
      nitro_enclaves_options: {},
    });
    expect([refused.status, refused.body.code]).toEqual([501, 'FEATURE_NOT_SUPPORTED']);
  });

  it('keeps the template that goes with an ACI policy', async () => {
    const { body: app } = await ask('POST', '/v1/apps', { name: 'aci', input_image_name: 'a', output_image_name: 'b' });
    const aci_options = {
      policy: Buffer.from('package policy').toString('base64'),
      azure_resource_template: '{"a": 1}',
    };
    const { body } = await ask('POST', '/v1/builds/convert-app/aci', {
      app_id: app.app_id,
      input_image: { name: 'localhost:5000/acme/in:2' },
      aci_options,
    });
    expect(body).toMatchObject({
      docker_info: { docker_image_name: 'localhost:5000/acme/in', docker_version: '2' },
      attributes: { aci: { aci: { policy: aci_options.policy } } },
      launch_hint: { azure_resource_template: '{"a": 1}' },
    });
  });

  it('says of a query that the query is wrong', async () => {
    const refused = await ask('GET', `/v1/builds?all_search=${'x'.repeat(300)}`);
    expect([refused.status, refused.body.code]).toEqual([400, 'INVALID_QUERY_PARAMETER']);
    const unknown = await ask('GET', '/v1/builds?sort_by=secret:ASC');
    expect([unknown.status, unknown.body.code]).toEqual([400, 'INVALID_QUERY_PARAMETER']);
  });

  it('does not repeat the documents of a build for each of its nodes', async () => {
    const { build_id } = await newBuild({
      launch_hint: { azure_resource_template: 'large' },
      mrenclave: 'a'.repeat(64),
    });
    const report = { node_id: crypto.randomUUID(), status: 'RUNNING' };
    const { body } = await ask('POST', `/v1/builds/deployments/${build_id}`, report);
    expect(body.build_info).toMatchObject({ build_id, deployment_status: { status: 'DEPLOYED' } });
    expect(body.build_info).not.toHaveProperty('launch_hint');
  });

  it('says that a decided task is decided, not that it exists twice', async () => {
    const { pending_task_id } = await newBuild();
    const approve = () => ask('PATCH', `/v1/tasks/${pending_task_id}`, { status: 'APPROVED' });
    expect((await approve()).body).toMatchObject({ task_status: { status: 'SUCCESS' } });
    expect(await approve()).toMatchObject({ status: 400, body: { code: 'INVALID_STATE' } });
  });

  it('counts by base filters what there is in all', async () => {
    await ask('POST', '/v1/apps', {
      name: 'domains',
      input_image_name: 'a',
      output_image_name: 'b',
      allowed_domains: ['_acme.example'],
    });
    const { body } = await ask('GET', '/v1/tasks?base_filters=task_type:DOMAIN_WHITELIST,status:PENDING');
    expect(body.metadata).toMatchObject({ total_count: 1, filtered_count: 1 });
    const { body: none } = await ask('GET', '/v1/tasks?base_filters=task_type:DOMAIN_WHITELIST&all_search=nobody');
    expect(none.metadata).toMatchObject({ total_count: 1, filtered_count: 0 });
  });
});
