// Stored logins of registries, and conversions.
import { randomUUID } from 'node:crypto';
import { WIRE_ATTRIBUTES } from '../formats/ccm/documents.js';
import { newApp, storedImage } from './ccm-story.js';
import type { CcmPart } from './ccm-story.js';
import { eventsOf } from './conversions.js';
import { connect } from './graphql-client.js';

const SECRET = 'not to be seen again';

export const registries: CcmPart = (story) => {
  it('keeps logins of registries and never shows a password', async () => {
    const { me } = story();
    const credential = { default: { username: 'robot', password: SECRET } };
    const request = { url: 'registry.story.example', credential, description: 'ours' };
    const shown: string[] = [];
    const ask = async (...args: Parameters<typeof me.ask>) => {
      const body = await me.ask(...args);
      shown.push(JSON.stringify(body));
      return body;
    };
    const made = await ask('POST', '/v1/registry', request);
    expect(made).toMatchObject({ username: 'robot', description: 'ours', registry_id: expect.any(String) });
    const path = `/v1/registry/${made.registry_id}`;
    expect(await ask('GET', '/v1/registry')).toEqual([made]);
    expect(await ask('GET', path)).toEqual(made);
    expect(await me.refusal('POST', '/v1/registry', request)).toEqual([400, 'UNIQUE_VIOLATION']);
    const login = { default: { username: 'other robot', password: `${SECRET} too` } };
    const changed = await ask('PATCH', path, [
      { op: 'replace', path: '/description', value: 'theirs' },
      { op: 'replace', path: '/credential', value: login },
    ]);
    expect(changed).toEqual({ ...made, description: 'theirs', username: 'other robot' });
    expect(await ask('PATCH', path, [{ op: 'remove', path: '/description' }])).not.toHaveProperty('description');
    for (const wrong of [
      { op: 'replace', path: '/url', value: 'elsewhere.example' },
      { op: 'remove', path: '/credential' },
      { op: 'replace', path: '/credential', value: { default: {} } },
      { op: 'test', path: '/description', value: 'theirs' },
    ]) {
      expect(await me.refusal('PATCH', path, [wrong])).toEqual([400, 'INVALID_BODY_PARAMETER']);
    }
    expect(shown.join()).not.toContain(SECRET);
  });

  it('finds the login that an app and an image would use', async () => {
    const { me } = story();
    const [registry] = await me.ask('GET', '/v1/registry');
    const image = 'registry.story.example/acme/app';
    const app = await newApp(story(), { input_image_name: image, output_image_name: 'elsewhere.example/acme/app' });
    expect(await me.ask('GET', `/v1/registry/app/${app.app_id}`)).toEqual({ input_image_registry: registry });
    expect(await me.ask('GET', `/v1/image/registry?image_name=${encodeURIComponent(`${image}:1`)}`)).toEqual({
      registry,
    });
    expect(await me.ask('GET', '/v1/image/registry?image_name=elsewhere.example/acme')).toEqual({});
    expect(await me.refusal('GET', '/v1/image/registry')).toEqual([400, 'MISSING_REQUIRED_PARAMETER']);
    expect(await me.refusal('GET', `/v1/registry/app/${randomUUID()}`)).toEqual([404, 'NOT_FOUND']);
    expect((await me.delete(`/v1/registry/${registry.registry_id}`)).status).toBe(204);
    expect(await me.refusal('GET', `/v1/registry/${registry.registry_id}`)).toEqual([404, 'NOT_FOUND']);
    expect(await me.ask('GET', '/v1/registry')).toEqual([]);
  });
};

export const conversions: CcmPart = (story) => {
  let image: string;
  let app: any;
  beforeAll(async () => {
    image = await storedImage(story(), 'acme/hello');
    const default_build_settings = { nitro_enclaves: { cpu_count: 3, mem_size: 768 } };
    app = await newApp(story(), { input_image_name: image, output_image_name: `${image}-eif`, default_build_settings });
  });

  const conversion = (tag: string) => ({
    request: {
      app_id: app.app_id,
      input_image: { name: `${image}:1` },
      output_image: { name: `${image}-eif:${tag}` },
      converter_options: { env_vars: ['A=1'] },
    },
    nitro_enclaves_options: {},
  });

  it('converts an image and registers the build, with the defaults of its app', async () => {
    const { me } = story();
    const build = await me.ask('POST', '/v1/builds/convert-app/nitro-enclaves', conversion('new'));
    expect(build).toMatchObject({
      ...{ app_id: app.app_id, mem_size: 768, enable_overlay_filesystem_persistence: true },
      docker_info: { docker_version: 'new', docker_image_sha: expect.stringMatching(/^[0-9a-f]{64}$/) },
      attributes: { nitro_enclave: { nitro_enclave: { hash_algorithm: 'Sha384' } } },
    });
    expect(await me.ask('GET', `/v1/builds/${build.build_id}`)).toEqual(build);
  });

  it('converts for older clients, by the names of the app and a tag', async () => {
    const { me } = story();
    await me.ask('PATCH', `/v1/apps/${app.app_id}`, { description: 'of older clients' });
    const request = { app_id: app.app_id, input_docker_version: '1', output_docker_version: 'old', memSize: 512 };
    const build = await me.ask('POST', '/v1/builds/convert-app', request);
    expect(build).toMatchObject({ app_id: app.app_id, mem_size: 512, docker_info: { docker_version: 'old' } });
    const unknown = { ...request, app_id: randomUUID() };
    expect(await me.refusal('POST', '/v1/builds/convert-app', unknown)).toEqual([404, 'NOT_FOUND']);
  });

  it('converts without registering a build', async () => {
    const { me } = story();
    const { request } = conversion('unregistered');
    const { app_id: _appId, ...unregistered } = request;
    const count = (await me.ask('GET', '/v1/builds')).metadata.total_count;
    const answer = await me.ask('POST', '/v1/tools/converter/convert-app/nitro-enclaves', {
      request: unregistered,
      nitro_enclaves_options: { cpu_count: 2, mem_size: '512M' },
    });
    expect(answer.converted_image).toMatchObject({
      name: `${image}-eif:unregistered`,
      sha: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(answer.config).toMatchObject({ pcr8: '', measurements: { NitroEnclaves: { hash_algorithm: 'Sha384' } } });
    expect((await me.ask('GET', '/v1/builds')).metadata.total_count).toBe(count);
  });

  it('answers at once where asked to, and leads to the build at the end', async () => {
    const { me, gateway } = story();
    const path = '/v1/builds/convert-app/nitro-enclaves';
    const started = await me.post(path, conversion('async'), { prefer: 'respond-async' });
    expect(started.status).toBe(202);
    const client = connect(gateway.url, String(me.headers.authorization).slice('Bearer '.length));
    await eventsOf(client, started.body.job_id);
    await client.dispose();
    const ended = await me.get(started.headers.location as string);
    expect([ended.status, ended.body.status]).toEqual([303, 'SUCCEEDED']);
    expect(await me.ask('GET', ended.headers.location as string)).toMatchObject({ app_id: app.app_id });
    const unknown = `/v1/builds/convert-app/jobs/${'0'.repeat(24)}`;
    expect(await me.refusal('GET', unknown)).toEqual([404, 'NOT_FOUND']);
  });

  it('tells whose fault it is that an image can not be converted', async () => {
    const { me } = story();
    const { request, nitro_enclaves_options } = conversion('none');
    const missing = { ...request, input_image: { name: `${image}-none:1` } };
    const path = '/v1/builds/convert-app/nitro-enclaves';
    expect(await me.refusal('POST', path, { request: missing, nitro_enclaves_options })).toEqual([400, 'BAD_REQUEST']);
    const key = { 'idempotency-key': randomUUID() };
    expect((await me.post(path, conversion('key'), key)).status).toBe(200);
    const other = await me.post(path, conversion('other-key'), key);
    expect([other.status, other.body.code]).toEqual([409, 'CONFLICT']);
  });

  it('registers for ACI what brings its policy, and else says what it takes', async () => {
    const { me } = story();
    const policy = WIRE_ATTRIBUTES.aci.aci.policy;
    const request = { app_id: app.app_id, input_image: { name: 'example/aci:7' }, converter_options: {} };
    const build = await me.ask('POST', '/v1/builds/convert-app/aci', { ...request, aci_options: { policy } });
    expect(build).toMatchObject({ attributes: { aci: { aci: { policy } } }, docker_info: { docker_version: '7' } });
    const without = await me.post('/v1/builds/convert-app/aci', { ...request, aci_options: {} });
    expect([without.status, without.body.message]).toEqual([501, expect.stringContaining('confcom')]);
    const { app_id: _appId, ...converter } = { ...request, output_image: { name: 'example/out:1' } };
    const unregistered = { request: converter, aci_options: { gb_mem: 1.5 } };
    expect(await me.refusal('POST', '/v1/tools/converter/convert-app/aci', unregistered)).toEqual([
      501,
      'FEATURE_NOT_SUPPORTED',
    ]);
  });
};
