// What formats share, on a document that is no format's.
import type { FormatRequest } from '../../src/formats/format-request.js';
import type { OpenApi } from '../../src/formats/openapi.js';
import { operation, operationsWithBody, routesOf } from '../../src/formats/operation.js';
import type { FormatOptions } from '../../src/formats/operation.js';
import type { ReadQuery } from '../../src/formats/query.js';
import { SchemaViolation } from '../../src/formats/schema-violation.js';

interface Bodies {
  Image: { name: string; parts?: { size: number }[] };
}

const ID = '0123456789abcdef01234567';
const text = { type: 'string' };
const idIn = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'string', format: 'hex24' } });
const openApi = {
  name: 'none',
  document: {},
  schemas: {
    Part: { type: 'object', properties: { size: { type: 'integer' }, 'a/b~c': text }, required: ['size'] },
    Image: {
      type: 'object',
      properties: {
        name: { ...text, minLength: 1 },
        parts: { type: 'array', items: { $ref: '#/components/schemas/Part' } },
      },
      required: ['name'],
    },
  },
  operations: [
    {
      ...{ id: 'list', method: 'GET', path: '/v1/images/{imageId}/of/{build-id}', access: 'READER', needsBody: false },
      parameters: [
        ...[idIn('imageId'), idIn('build-id')],
        { name: 'filter[state]', in: 'query', schema: text },
        { name: 'page[size]', in: 'query', schema: { type: 'integer', maximum: 100 } },
        { name: 'include', in: 'query', schema: { type: 'array', items: { type: 'string', enum: ['a', 'b'] } } },
      ],
    },
    {
      ...{ id: 'create', method: 'POST', path: '/v1/images', access: 'WRITER', needsBody: true },
      ...{ parameters: [], body: 'Image' },
    },
  ],
} as OpenApi;

const withLists: ReadQuery = (query, parameters) =>
  Object.fromEntries(
    parameters.flatMap(({ name, schema }) => {
      const texts = query.getAll(name).flatMap((each) => each.split(','));
      if (texts.length === 0) return [];
      return [[name, schema.type === 'array' ? texts : Number(texts[0]) || texts[0]!]];
    }),
  );

/** What each function is given, by the path it is served at. */
async function call(path: string, request: object, options?: FormatOptions): Promise<Record<string, unknown>> {
  const show = async ({ path, query, body, base }: FormatRequest<object, unknown>) => ({
    status: 200,
    body: { path, query, body, base },
  });
  const served = [operation('list', show), operationsWithBody<Bodies>()('create', 'Image', show)];
  const route = routesOf(openApi, served, options).find((each) => each.path === path)!;
  const raw = { params: {}, query: new URLSearchParams(), body: Buffer.alloc(0), ...request };
  return (await route.handle(raw as never)).body as Record<string, unknown>;
}

const LIST = '/v1/images/:imageId/of/:buildId';
const list = (query: string, options?: FormatOptions, params: object = { imageId: ID, buildId: ID.toUpperCase() }) =>
  call(LIST, { params, query: new URLSearchParams(query) }, options);
const create = (body: unknown, options?: FormatOptions) =>
  call('/v1/images', { body: Buffer.from(JSON.stringify(body)) }, options);
const violation = (answer: Promise<unknown>) =>
  answer.then(
    () => undefined,
    (error: SchemaViolation) => {
      expect(error).toBeInstanceOf(SchemaViolation);
      const { place, isMissing, path, pointer, message } = error;
      return { place, isMissing, path, pointer, message };
    },
  );

describe('an operation of a format', () => {
  it('gets what the path and the query say, by names of any style', async () => {
    expect(await list('filter[state]=live&page%5Bsize%5D=7&other=1')).toEqual({
      path: { imageId: ID, buildId: ID.toUpperCase() },
      query: { 'filter[state]': 'live', 'page[size]': 7 },
      base: '',
    });
    expect(await list('', { lowersPath: true })).toMatchObject({ path: { imageId: ID, buildId: ID } });
  });

  it('is served under each prefix, and knows under which it was called', async () => {
    const prefixes: FormatOptions['prefixes'] = ['/v1', '/api/v2'];
    const params = { imageId: ID, buildId: ID };
    expect(await list('', { prefixes })).toMatchObject({ base: '/v1' });
    expect(await call(LIST.replace('/v1', '/api/v2'), { params }, { prefixes })).toMatchObject({ base: '/api/v2' });
    await expect(list('', { prefixes: ['/v3'] })).rejects.toThrow('does not begin with /v3');
  });

  it('may read its query in its own way, which is checked all the same', async () => {
    const options = { readQuery: withLists };
    expect(await list('include=a&include=b,a', options)).toMatchObject({ query: { include: ['a', 'b', 'a'] } });
    expect(await violation(list('include=a,c', options))).toEqual({
      ...{ place: 'query', isMissing: false, path: 'include[1]', pointer: '/include/1' },
      message: 'include[1] must be one of a, b.',
    });
    await expect(list('include=a%00', options)).rejects.toThrow('include has a character that can not be kept.');
    expect(await violation(list('page[size]=101'))).toMatchObject({ place: 'query', pointer: '/page[size]' });
  });

  it('has what is wrong with a request in parts', async () => {
    expect(await violation(list('', {}, { imageId: 'x', buildId: ID }))).toEqual({
      ...{ place: 'path', isMissing: false, path: 'imageId', pointer: '/imageId' },
      message: 'imageId must be 24 hex digits.',
    });
    expect(await violation(create({ name: 'a', parts: [{ size: 1 }, {}] }))).toEqual({
      ...{ place: 'body', isMissing: true, path: 'parts[1].size', pointer: '/parts/1/size' },
      message: 'parts[1].size is missing.',
    });
    expect(await violation(create({ name: 'a', parts: [{ size: 1, 'a/b~c': 1 }] }))).toMatchObject({
      ...{ path: 'parts[0]."a/b~c"', pointer: '/parts/0/a~1b~0c' },
    });
    expect(await violation(create([]))).toMatchObject({
      path: '',
      pointer: '',
      message: 'The body must be an object.',
    });
  });

  it('gets null and empty texts as they are, unless its format drops them', async () => {
    const body = { name: 'a', parts: null, other: '' };
    expect(await violation(create(body))).toMatchObject({ pointer: '/parts', isMissing: false });
    expect(await create(body, { dropsUnset: true })).toMatchObject({ body: { name: 'a', other: '' } });
  });

  it('is described, and what is described is served', () => {
    expect(() => routesOf(openApi, [])).toThrow('Nothing serves list as it is described');
    const other = operation('other', async () => ({ status: 200 }));
    expect(() => routesOf(openApi, [other])).toThrow('schema/openapi/none.yaml does not have other');
  });
});
