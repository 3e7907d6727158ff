// Cycle's paths without a registry: how clients write their queries, what lists hold, who may do what, and each error.
import { cycleClient } from '../support/cycle-client.js';
import type { Cycle } from '../support/cycle-client.js';
import { CYCLE_OPERATIONS, hasVendor } from '../support/cycle-contract.js';
import { onEachDatabase } from '../support/databases.js';
import { WatchJob } from '../support/operations.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

const ZERO = '0001-01-01T00:00:00Z';
const HUB_ORIGIN = { type: 'docker-hub', details: { target: 'mysql:5.7', username: 'joe', token: 'hub-token-1' } };

onEachDatabase("Cycle's images", (kind) => {
  let gateway: TestGateway;
  let cycle: Cycle & { hubId: string };
  let mysql: string;
  let other: string;
  let images: string[];

  const data = async (line: string, body?: object) => (await cycle(line, body)).body.data;
  const refusal = async (...call: Parameters<Cycle>) => {
    const { status, body } = await cycle(...call);
    expect(body.error.status).toBe(status);
    return [status, body.error.code, body.error.source];
  };

  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create(), UPSTREAM_ALLOW: '127.0.0.1' });
    cycle = await cycleClient(gateway);
    mysql = (await data('POST /v1/images/sources', { name: 'My SQL', type: 'direct', origin: HUB_ORIGIN })).id;
    const origin = { type: 'docker-file', details: { repo: { url: 'https://github.com/acme/x' } } };
    other = (await data('POST /v1/images/sources', { type: 'bucket', origin, about: { description: 'built' } })).id;
    images = [];
    for (const name of ['b', 'a', 'c']) {
      images.push(
        (await data('POST /v1/images', { name, source_id: mysql, build: { args: { A: '1', type: 'bucket' } } })).id,
      );
    }
    images.push((await data('POST /v1/images', { source_id: other, override: { targz_url: 'https://x.test/a' } })).id);
  });
  afterAll(() => gateway.close());

  it('are made empty, with zero times, the source as it was, and no secrets', async () => {
    const image = await data(`GET /v1/images/${images[0]}`);
    expect(image).toMatchObject({
      ...{ id: expect.stringMatching(/^[0-9a-f]{24}$/), hub_id: cycle.hubId, name: 'b', size: 0 },
      build: { args: { A: '1', type: 'bucket' } },
      config: { user: '', ports: [], env: {}, labels: {}, command: [], entrypoint: [], volumes: [] },
      source: { type: 'direct', details: { id: mysql, origin: { type: 'docker-hub' } } },
      state: { current: 'new' },
      events: { deleted: ZERO },
    });
    expect(image.source.details.origin.details).toEqual({ target: 'mysql:5.7', username: 'joe' });
    expect(image.creator.type).toBe('api-key');
    const { body } = await gateway.send(
      '{ builds(first: 10) { nodes { name phase dockerInfo { dockerImageName } } } }',
    );
    expect(body.data.builds.nodes).toContainEqual({
      ...{ name: 'b', phase: 'PENDING', dockerInfo: { dockerImageName: 'mysql' } },
    });
  });

  const SPELLINGS = [
    '/v1/images?meta=containers_count&include=creators&include=sources&filter[state]=live%2Cnew&sort=-id&sort=name&page[size]=20&page[number]=1',
    '/v1/images?filter%5Bstate%5D=live%2Cnew&include=creators&include=sources&meta=containers_count&page%5Bnumber%5D=1&page%5Bsize%5D=20&sort=-id&sort=name',
    '/v1/images?meta=containers_count&include=creators%2Csources&filter[state]=live,new&sort=-id,name&page[number]=1&page[size]=20',
  ];
  it.each(SPELLINGS)('are listed alike however it is spelt: %s', async (target) => {
    const { status, body } = await cycle(`GET ${target}`);
    expect(status).toBe(200);
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([...images].sort().reverse());
    const [image] = body.data;
    expect(image.meta.containers_count).toMatchObject({ total: 0, state: { running: 0 } });
    expect(Object.keys(body.includes.sources).sort()).toEqual([mysql, other].sort());
    expect(body.includes['sources:identifiers']['my-sql']).toEqual([mysql]);
    expect(body.includes.creators.api_keys[image.creator.id].name).toBe('administrator');
  });

  it('are filtered, sorted and paged, every one reached once', async () => {
    const names = async (query: string) => (await data(`GET /v1/images?${query}`)).map((image: any) => image.name);
    expect(await names(`filter[source_id]=${mysql}&sort=name`)).toEqual(['a', 'b', 'c']);
    expect(await names('filter[identifier]=my-sql&sort=-name')).toEqual(['c', 'b', 'a']);
    expect(await names('filter[source_type]=bucket')).toEqual(['https://github.com/acme/x']);
    expect(await names('filter[search]=github')).toHaveLength(1);
    expect(await names('filter%5Bsearch%5D=a%20b&filter[state]=live%2Cnew')).toEqual([]);
    expect(await names('filter[state]=deleting')).toEqual([]);
    expect(await names('filter[unheard]=of&include=unheard&meta=unheard')).toHaveLength(4);
    expect(await names('page[size]=100')).toHaveLength(4);
    const pages = await Promise.all([1, 2, 3].map((page) => names(`page[size]=2&page[number]=${page}&sort=name`)));
    expect(pages.flat()).toEqual(['a', 'b', 'c', 'https://github.com/acme/x']);
    expect((await data('GET /v1/images?sort=-id&page[size]=1')).length).toBe(1);
  });

  it('are renamed, and ids of no image are 404.image', async () => {
    const { id, name, events } = await data(`PATCH /v1/images/${images[2]}`, { name: 'renamed' });
    expect([id, name]).toEqual([images[2], 'renamed']);
    expect(events.updated >= events.created).toBe(true);
    await data(`PATCH /v1/images/${images[2]}`, { name: 'c' });
    const none = 'f'.repeat(24);
    for (const line of [`GET /v1/images/${none}`, `DELETE /v1/images/${none}`, `GET /v1/images/${none}/build-log`]) {
      expect(await refusal(line)).toEqual([404, '404.image', undefined]);
    }
    expect(await refusal(`PATCH /v1/images/${none}`, { name: 'x' })).toEqual([404, '404.image', undefined]);
    expect(await refusal(`GET /v1/images/${images[0]}/build-log`)).toEqual([404, '404.image.build-log', undefined]);
  });

  it('have sources that are read, changed, given rights and counted', async () => {
    const { body } = await cycle('GET /v1/images/sources?meta=images_count&include=creators,integrations&sort=name');
    expect(body.data.map((source: any) => [source.identifier, source.meta.images_count.total])).toEqual([
      ['my-sql', 3],
      ['https-github-com-acme-x', 1],
    ]);
    expect(Object.keys(body.includes)).toEqual(['creators', 'integrations']);
    expect((await data(`GET /v1/images/sources/${other}`)).about).toEqual({ description: 'built' });
    expect(await data('GET /v1/images/sources?filter[identifier]=my-sql&filter[search]=sql')).toHaveLength(1);
    const changes = { name: 'Other', identifier: null, about: { description: null } };
    const changed = await data(`PATCH /v1/images/sources/${other}`, changes);
    expect(changed).toMatchObject({ name: 'Other', identifier: 'other', about: { description: null } });
    const acl = { roles: { ['a'.repeat(24)]: { view: true, modify: false, manage: false } } };
    expect((await data(`PATCH /v1/images/sources/${other}/access`, { acl })).acl).toEqual(acl);
    expect((await data(`PATCH /v1/images/sources/${other}/access`, { acl: null })).acl).toBeNull();
    expect(await refusal(`GET /v1/images/sources/${'f'.repeat(24)}`)).toEqual([404, '404.image.source', undefined]);
  });

  it('have jobs in the same words', async () => {
    const { status, body } = await cycle('POST /v1/images/tasks', {
      action: 'prune',
      contents: { source_ids: [other] },
    });
    expect(status).toBe(202);
    const { id, queue, accepted } = body.data.job;
    expect([body.data.action, queue, accepted, body.data.job_id]).toEqual([
      ...['prune', `hub-${cycle.hubId}-images`, true, id],
    ]);
    const job = await data(`GET /v1/jobs/${id}`);
    expect(job).toMatchObject({ queue, caption: 'Pruning images', hash: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(job.tasks[0]).toMatchObject({ header: 'images.prune', input: { source_ids: [other] }, steps: null });
    expect((await data('GET /v1/jobs/latest'))[0].id).toBe(id);
    const listed = await cycle(
      'GET /v1/jobs?include=creators&filter[range-start]=2020-01-01T00:00:00Z&filter[state]=queued,running,completed&sort=-id',
    );
    expect(listed.body.data.map((one: any) => one.id)).toContain(id);
    expect(Object.keys(listed.body.includes.creators.api_keys)).toHaveLength(1);
    expect(await data('GET /v1/jobs?filter[state]=expired')).toEqual([]);
    expect(await refusal(`GET /v1/jobs/${'f'.repeat(24)}`)).toEqual([404, '404.job', undefined]);
  });

  it('are told apart by hub, token and role', async () => {
    const create = `mutation ($name: String!, $roles: [Role!]!) {
      createAccessToken(input: { name: $name, roles: $roles }) { secret userErrors { message } }
    }`;
    const token = (await gateway.send(create, { name: 'reader', roles: ['READER'] })).body.data.createAccessToken
      .secret;
    const refused = async (line: string, body?: object) => {
      const { error } = (await cycle(line, body, { token })).body;
      return [error.code, error.extra.capability];
    };
    expect((await cycle('GET /v1/images', undefined, { token })).status).toBe(200);
    expect(await refused('POST /v1/images', { source_id: mysql })).toEqual(['403.permissions', 'images-manage']);
    const sources = await refused('POST /v1/images/sources', { type: 'direct', origin: HUB_ORIGIN });
    expect(sources).toEqual(['403.permissions', 'images-sources-manage']);
    expect(await refusal('GET /v1/images', undefined, { hub: undefined })).toEqual([403, '403.wrong-hub', undefined]);
    expect(await refusal('GET /v1/images', undefined, { hub: 'a'.repeat(24) })).toEqual([
      403,
      '403.wrong-hub',
      undefined,
    ]);
    for (const wrong of ['secret_x', undefined]) {
      expect(await refusal('GET /v1/jobs', undefined, { token: wrong })).toEqual([401, '401.auth-invalid', undefined]);
    }
  });

  const BODIES: [line: string, body: object | undefined, raw: string | undefined, code: string, source?: string][] = [
    ['POST /v1/images', {}, undefined, '422.missing-argument', '/source_id'],
    ['POST /v1/images', { source_id: 7 }, undefined, '422.invalid-argument', '/source_id'],
    ['POST /v1/images', { source_id: 'f'.repeat(24) }, undefined, '404.image.source', '/source_id'],
    ['POST /v1/images', undefined, '{', '400.invalid-syntax'],
    ['POST /v1/images', undefined, undefined, '400.invalid-syntax'],
    [
      'POST /v1/images/tasks',
      { action: 'burn', contents: { source_ids: [] } },
      undefined,
      '422.invalid-argument',
      '/action',
    ],
    [
      'POST /v1/images/sources',
      { type: 'direct', origin: { type: 'moon' } },
      undefined,
      '422.invalid-argument',
      '/origin/type',
    ],
    [
      'POST /v1/images/sources',
      { type: 'direct', origin: { type: 'docker-hub' } },
      undefined,
      '422.invalid-argument',
      '/origin/details',
    ],
    [
      'POST /v1/images/sources',
      {
        type: 'direct',
        origin: { type: 'docker-file', details: { repo: { url: 'https://token@github.com/acme/x' } } },
      },
      undefined,
      '422.invalid-argument',
      '/origin/details',
    ],
    ['GET /v1/images?page[size]=201', undefined, undefined, '422.max-exceeded', 'page.size'],
    ['GET /v1/images?page[number]=0', undefined, undefined, '422.invalid-argument', 'page.number'],
    ['GET /v1/images?sort=colour', undefined, undefined, '422.invalid-argument', '/sort'],
    ['GET /v1/images/a/b/c', undefined, undefined, '404.uri'],
    ['PUT /v1/jobs', {}, undefined, '404.uri'],
    ['GET /v1/containers/x/compatible-images', undefined, undefined, '404.container'],
  ];
  it('refuse what can not be, each with its code and its place', async () => {
    for (const [line, body, raw, code, source] of BODIES) {
      const answer = await refusal(line, body, { raw });
      expect([line, ...answer]).toEqual([line, Number(code.slice(0, 3)), code, source]);
    }
  });

  it('refuse bodies that are no JSON by their type, and imports of what is no registry', async () => {
    const headers = { 'content-type': 'text/plain' };
    expect(await refusal('POST /v1/images', { source_id: mysql }, { headers })).toEqual([
      ...[415, '415.invalid-content-type', undefined],
    ]);
    const override = { targz_url: 'https://joe:secret@x.test/a' };
    expect(await refusal('POST /v1/images', { source_id: mysql, override })).toEqual([
      ...[422, '422.invalid-argument', '/override/targz_url'],
    ]);
    const args = { LARGE: 'x'.repeat(70_000) };
    expect((await refusal('POST /v1/images', { source_id: mysql, build: { args } }))[2]).toBe('/build');
    const task = `POST /v1/images/${images[3]}/tasks`;
    expect(await refusal(task, { action: 'import' })).toEqual([422, '422.not-compatible', undefined]);
  });

  it('are deleted by a job, as are sources', async () => {
    const { status, body } = await cycle(`DELETE /v1/images/${images[3]}`);
    expect([status, body.data.action, body.data.job.tasks[0].header]).toEqual([200, 'delete', 'image.delete']);
    await ended(body.data.job.id);
    expect(await refusal(`GET /v1/images/${images[3]}`)).toEqual([404, '404.image', undefined]);
    const source = await cycle(`DELETE /v1/images/sources/${other}`);
    expect(source.status).toBe(202);
    await ended(source.body.data.job.id);
    expect(await refusal(`GET /v1/images/sources/${other}`)).toEqual([404, '404.image.source', undefined]);
  });

  async function ended(jobId: string): Promise<void> {
    for await (const { data: told } of gateway.subscribe(WatchJob, { jobId }))
      expect(told?.conversionStatus.status).not.toBe('FAILED');
    expect((await data(`GET /v1/jobs/${jobId}`)).state).toMatchObject({ current: 'completed', error: null });
  }
});

describe("Cycle's document", () => {
  it(`has the vendor's operations${hasVendor ? '' : ' (not compared: ../shared is absent)'}`, () => {
    expect(CYCLE_OPERATIONS).toHaveLength(18);
  });
});
