import { buildSchema, GraphQLError } from 'graphql';
import type { GraphQLFieldResolver } from 'graphql';
import type { RequestContext } from '../../src/auth/request-context.js';
import { startApollo } from '../../src/graphql/apollo.js';
import { createFormatError, toGraphQLError } from '../../src/graphql/errors.js';
import { badInput, CatalogError } from '../../src/lib/errors.js';
import { capturedLogger } from '../lib/captured-logger.js';

/** The errors of a query whose field `boom` is resolved so, and what was logged. */
async function ask(resolve: GraphQLFieldResolver<unknown, unknown>, query = '{ outer { boom } }') {
  const schema = buildSchema('type Query { outer(n: Int): Outer } type Outer { boom: String, must: String! }');
  schema.getQueryType()!.getFields().outer!.resolve = () => ({});
  const fields = (schema.getType('Outer') as ReturnType<typeof schema.getQueryType>)!.getFields();
  fields.boom!.resolve = resolve;
  fields.must!.resolve = () => null;
  const { logger, lines } = capturedLogger();
  const apollo = await startApollo(schema, createFormatError(logger), logger);
  try {
    const response = await apollo.executeOperation({ query }, { contextValue: {} as RequestContext });
    if (response.body.kind !== 'single') throw new Error('not a single result');
    const { status } = response.http;
    return { status, errors: response.body.singleResult.errors, logged: lines.filter(({ level }) => level >= 50) };
  } finally {
    await apollo.stop();
  }
}
const throwing = (error: unknown) => () => {
  throw error;
};

describe('an error that nobody expected', () => {
  it.each([
    ['an error', new Error('secret detail')],
    ['an error of the database', Object.assign(new Error('secret detail'), { code: '42P01', query: 'SELECT secret' })],
    ['a text', 'secret detail'],
    [
      'an error with a code of its own',
      Object.assign(new Error('secret detail'), { extensions: { code: 'FORBIDDEN' } }),
    ],
    ['an error of GraphQL without a code', new GraphQLError('secret detail')],
    ['one in another', new GraphQLError('outer', { originalError: new Error('secret detail') })],
  ])('becomes a number to quote, and its details stand in the log: %s', async (_what, error) => {
    const { errors, logged } = await ask(throwing(error));
    const [{ extensions, message, path }] = errors as [NonNullable<typeof errors>[0]];
    const requestId = extensions!.requestId as string;
    expect(extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(message).toContain(requestId);
    expect(path).toEqual(['outer', 'boom']);
    expect(JSON.stringify(errors)).not.toMatch(/secret|at .*\.ts/);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject({ requestId });
    expect(JSON.stringify(logged[0])).toContain('secret detail');
  });

  it('has another number each time', async () => {
    const ids = [];
    for (const error of [new Error('a'), new Error('a')]) {
      ids.push((await ask(throwing(error))).errors![0]!.extensions!.requestId);
    }
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('is also null where there can not be one', async () => {
    const { errors, logged } = await ask(() => 'fine', '{ outer { must } }');
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' }, path: ['outer', 'must'] }]);
    expect(logged[0]!.err.message).toContain('Outer.must');
  });

  it('is the same over WebSockets, whose library adds no code', () => {
    const { logger, lines } = capturedLogger();
    const error = new GraphQLError('Cannot return null for secret', { path: ['outer', 'must'] });
    const formatted = createFormatError(logger)(error.toJSON(), error);
    expect(formatted.extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
    expect(JSON.stringify(formatted)).not.toContain('secret');
    expect(lines).toHaveLength(1);
  });
});

describe('an error that the client can mend', () => {
  it('keeps its message and code, and what is known of the place and the time', async () => {
    const details = { field: ['input', 'name'], retryAfterSeconds: 7 };
    const { errors, logged } = await ask(throwing(new CatalogError('CONFLICT', 'Taken.', details)));
    expect(errors).toEqual([
      {
        message: 'Taken.',
        locations: [{ line: 1, column: 11 }],
        path: ['outer', 'boom'],
        extensions: { code: 'CONFLICT', ...details },
      },
    ]);
    expect(logged).toEqual([]);
  });

  it('is found inside an error of GraphQL', async () => {
    const { errors } = await ask(throwing(toGraphQLError(badInput('Wrong.', 'a'))));
    expect(errors).toMatchObject([{ message: 'Wrong.', extensions: { code: 'BAD_USER_INPUT', field: ['a'] } }]);
  });

  it.each([
    ['{ outer {', 'GRAPHQL_PARSE_FAILED'],
    ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['query ($n: Int!) { outer(n: $n) { boom } }', 'BAD_USER_INPUT'],
    ['query A { outer { boom } } query B { outer { boom } }', 'OPERATION_RESOLUTION_FAILURE'],
  ])('may be the document itself: %s is %s', async (query, code) => {
    const { errors, logged, status } = await ask(() => 'fine', query);
    expect(errors).toMatchObject([{ extensions: { code } }]);
    expect(errors![0]!.extensions).not.toHaveProperty('stacktrace');
    expect([status, logged]).toEqual([400, []]);
  });

  it('has the code of validation where the library gives none', () => {
    const { logger, lines } = capturedLogger();
    const error = new GraphQLError('Cannot query field "nothing".');
    expect(createFormatError(logger)(error.toJSON(), error)).toMatchObject({
      message: 'Cannot query field "nothing".',
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
    expect(lines).toEqual([]);
  });
});

describe('an error before the execution', () => {
  it('asks for the HTTP status of its code, and for a token where one is missing', () => {
    const { extensions, message } = toGraphQLError(new CatalogError('UNAUTHENTICATED', 'Who?'));
    expect(message).toBe('Who?');
    expect(extensions).toMatchObject({ code: 'UNAUTHENTICATED', http: { status: 401 } });
    const { headers } = extensions.http as { headers: Map<string, string> };
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(toGraphQLError(new CatalogError('TOO_MANY_REQUESTS', 'Slow.')).extensions).toEqual({
      ...{ code: 'TOO_MANY_REQUESTS', http: { status: 429, headers: undefined } },
    });
  });
});
