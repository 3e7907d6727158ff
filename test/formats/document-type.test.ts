import 'reflect-metadata';
import { GraphQLSchema, printType } from 'graphql';
import type { GraphQLObjectType } from 'graphql';
import { Query, Resolver } from 'type-graphql';
import { DocumentTypes } from '../../src/formats/document-type.js';
import type { Schemas } from '../../src/formats/openapi.js';
import { createSchema } from '../../src/graphql/schema.js';

const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more });

const SCHEMAS = {
  Thing: {
    allOf: [{ $ref: '#/components/schemas/Named' }, { properties: { 'x-mark': text('A mark.') } }],
    description: 'A thing.',
    properties: {
      docker_size: { type: 'integer', format: 'int64', description: 'Bytes.' },
      threads: { type: 'integer', format: 'int32', description: 'Threads.' },
      share: { type: 'number', description: 'A share.' },
      is_on: { type: ['boolean', 'null'], description: 'Whether.' },
      made: text('When.', { format: 'date-time' }),
      seen_at: { type: 'integer', format: 'int64', 'x-epoch-seconds': true, description: 'When seen.' },
      state: text('How far.', { 'x-known-values': ['new', 'live'] }),
      labels: { type: 'object', description: 'Labels.', additionalProperties: { type: 'string' } },
      anything: { description: 'Whatever it is.' },
      words: { type: 'array', description: 'Words.', items: { type: 'string' } },
      tables: { type: 'array', description: 'Rows.', items: { type: 'array', items: { type: 'number' } } },
      parts: { type: 'array', description: 'Parts.', items: { $ref: '#/components/schemas/Part' } },
      main: { $ref: '#/components/schemas/Part', description: 'The first.' },
      by_name: {
        type: 'object',
        description: 'Parts by name.',
        additionalProperties: { $ref: '#/components/schemas/Part' },
      },
      inline: {
        type: 'object',
        description: 'In place.',
        properties: { port: { type: 'integer', description: 'Port.' } },
      },
    },
  },
  Named: { type: 'object', properties: { name: text('Its name.') } },
  Part: { type: 'object', description: 'A part.', properties: { id: text('Its id.'), constructor: text('Odd.') } },
} as unknown as Schemas;

const thing = new DocumentTypes(SCHEMAS, 'Test').of('Thing');
const read = (document: unknown) => thing.read(document) as any;

function schema(): GraphQLSchema {
  @Resolver()
  class ThingResolver {
    @Query(() => thing.type, { nullable: true })
    thing(): null {
      return null;
    }
  }
  return createSchema([ThingResolver]);
}

describe('the type of a vendor’s document', () => {
  it('has every member of the schema, under names of GraphQL and with the words of the schema', () => {
    const built = schema();
    const fields = (built.getType('TestThing') as GraphQLObjectType).getFields();
    expect(Object.fromEntries(Object.values(fields).map(({ name, type }) => [name, String(type)]))).toEqual({
      ...{ name: 'String', xMark: 'String', dockerSize: 'SafeInt', threads: 'Int', share: 'Float', isOn: 'Boolean' },
      ...{ made: 'DateTime', seenAt: 'DateTime', state: 'String', labels: 'JSONObject', anything: 'JSON' },
      ...{ words: '[String!]', tables: 'JSON', parts: '[TestPart!]', main: 'TestPart' },
      ...{ byName: '[TestPartEntry!]', inline: 'TestThingInline' },
    });
    expect(fields.state!.description).toBe('How far. Known values: new, live.');
    expect(fields.main!.description).toBe('The first.');
    expect(printType(built.getType('TestPartEntry')!)).toContain('value: TestPart');
  });

  it('is not made of what describes too little, contains itself or is not there', () => {
    const make = (schemas: object, name = 'A') => new DocumentTypes(schemas as Schemas, 'Bad').of(name);
    const part = (properties: object) => ({ A: { type: 'object', description: 'A.', properties } });
    expect(() => make(part({ a: { type: 'string' } }))).toThrow('A.a has no description');
    expect(() => make(part({ a: { $ref: '#/components/schemas/A' } }))).toThrow('A contains itself');
    expect(() => make(part({ a: { $ref: '#/components/schemas/B', description: 'B.' } }))).toThrow('B is missing');
    expect(() => make(part({ a_b: text('One.'), aB: text('Two.') }))).toThrow('two members of one name');
    expect(() => make(part({}))).toThrow('no members');
    expect(() => make(part({}), 'toString')).toThrow('There is no schema toString');
  });
});

describe('reading a vendor’s document', () => {
  it('brings every member under its name', () => {
    const document = {
      ...{ name: 'n', 'x-mark': 'm', docker_size: 2 ** 40, threads: 3, share: 0.5, is_on: false },
      ...{ made: '2024-05-06T07:08:09.123456789Z', seen_at: 1_700_000_000, state: 'of the future' },
      ...{ labels: { a: '1' }, anything: [1, null], words: ['a', 'b'], tables: [[1], [2]] },
      ...{ parts: [{ id: 'p', unknown: 1 }], main: { id: 'q' }, by_name: { one: { id: 'r' } }, inline: { port: 80 } },
    };
    const part = (id: string) => ({ id, constructor: null });
    expect(read(document)).toEqual({
      ...{ name: 'n', xMark: 'm', dockerSize: 2 ** 40, threads: 3, share: 0.5, isOn: false },
      ...{ made: new Date('2024-05-06T07:08:09.123Z'), seenAt: new Date(1_700_000_000_000), state: 'of the future' },
      ...{ labels: { a: '1' }, anything: [1, null], words: ['a', 'b'], tables: [[1], [2]] },
      ...{ parts: [part('p')], main: part('q'), byName: [{ key: 'one', value: part('r') }], inline: { port: 80 } },
    });
  });

  it('reads as null what is of another type, too large, no time or too deep', () => {
    const deep = JSON.parse('['.repeat(100) + ']'.repeat(100));
    const wrong = {
      ...{ name: 1, docker_size: 2 ** 60, threads: 2 ** 31, share: 'x', is_on: 'true' },
      ...{ made: '0001-01-01T00:00:00Z', seen_at: 0, state: null, labels: ['a'], anything: deep },
      ...{ words: 'a', tables: deep, parts: { 0: {} }, main: [], by_name: [], inline: 'x' },
    };
    const nothing = read({});
    expect(new Set(Object.values(nothing))).toEqual(new Set([null]));
    expect(read(wrong)).toEqual(nothing);
    for (const made of ['yesterday', '2024-13-45T99:00:00Z', '9999999', 5, {}, '+012345-01-01T00:00:00Z', '2024-02']) {
      expect(read({ made }).made).toBeNull();
    }
    for (const seen_at of [-1, 1e300, '1700000000', NaN]) expect(read({ seen_at }).seenAt).toBeNull();
    expect(read({ docker_size: 1.5, threads: 1e300 })).toEqual(nothing);
  });

  it('leaves out of lists what is not as their items are', () => {
    expect(read({ words: ['a', 1, null, ['b'], 'c'], parts: [null, 1, [], { id: 'p' }, 'x'] })).toMatchObject({
      words: ['a', 'c'],
      parts: [{ id: 'p' }],
    });
  });

  it('has only members of the document itself, whatever they are called', () => {
    const hostile = JSON.parse(
      '{"__proto__": {"name": "inherited"}, "constructor": {"name": "x"}, "toString": 1, "main": {"__proto__": {"id": "i"}}, "by_name": {"__proto__": {"id": "own"}}}',
    );
    const own = read(hostile);
    expect(own.name).toBeNull();
    expect(own.main).toEqual({ id: null, constructor: null });
    expect(own.byName).toEqual([{ key: '__proto__', value: { id: 'own', constructor: null } }]);
    expect(({} as any).name).toBeUndefined();
  });

  it('takes anything for a document', () => {
    for (const document of [null, undefined, 1, 'x', [], true, [{}]]) expect(read(document)).toBeNull();
  });
});
