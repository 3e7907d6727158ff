import { parse, validate } from 'graphql';
import { describeSchema } from '../../src/app-resolvers.js';
import { exceededLimit } from '../../src/graphql/limits.js';

const schema = describeSchema();

/** Why an operation is refused; undefined where it is not. */
function refusal(query: string, variables?: Record<string, unknown>, operationName?: string): string | undefined {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const error = exceededLimit(schema, { document, variables, operationName });
  if (error) expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  return error?.message;
}

const TOO_DEEP = 'The operation is nested deeper than 20 levels.';
const TOO_WIDE = /may ask for \d+ values; the limit is 100000/;
const nested = (levels: number, inner: string) => 'job { build { '.repeat(levels) + inner + ' } }'.repeat(levels);

describe('the depth of an operation', () => {
  it('is at most 20 levels', () => {
    expect(refusal(`{ build(id: "a") { ${nested(9, 'id')} } }`)).toBeUndefined();
    expect(refusal(`{ build(id: "a") { ${nested(10, 'id')} } }`)).toBe(TOO_DEEP);
  });

  it('counts what stands in fragments, named or not, and not the fragments', () => {
    const fragments = Array.from(
      { length: 10 },
      (_, index) => `fragment F${index} on Build { ...on Build { job { build { id ...F${index + 1} } } } }`,
    );
    const query = (first: number) =>
      `{ build(id: "a") { ...F${first} } } ${fragments.slice(first).join(' ')} fragment F10 on Build { id }`;
    expect(refusal(query(1))).toBeUndefined();
    expect(refusal(query(0))).toBe(TOO_DEEP);
  });

  it('is that of the deepest operation in the document', () => {
    const query = `query A { build(id: "a") { id } } query B { build(id: "a") { ${nested(10, 'id')} } }`;
    expect(refusal(query, {}, 'A')).toBe(TOO_DEEP);
  });
});

describe('the breadth of an operation', () => {
  const pages = (outer: string, inner: string) =>
    `{ jobs(${outer}) { nodes { events(${inner}) { seq kind status } } } }`;

  it('is counted by the pages that it asks for', () => {
    expect(refusal(pages('first: 10', 'first: 200'))).toBeUndefined();
    expect(refusal(pages('first: 200', 'first: 10'))).toBeUndefined();
    expect(refusal(pages('first: 200', 'first: 200'))).toMatch(TOO_WIDE);
    expect(refusal(pages('last: 200', 'first: 200'))).toMatch(TOO_WIDE);
  });

  it('is counted with the default page where none is given, or null', () => {
    expect(refusal('{ jobs { nodes { events(first: 200) { seq kind status step code message } } } }')).toBeUndefined();
    const twice = 'seq kind a: seq b: seq c: seq d: seq e: seq f: seq g: seq h: seq i: seq';
    expect(refusal(`{ jobs { nodes { events(first: 200) { ${twice} } } } }`)).toMatch(TOO_WIDE);
    expect(refusal(`{ jobs(first: null) { nodes { events(first: 200) { ${twice} } } } }`)).toMatch(TOO_WIDE);
  });

  it('is counted by the values of variables', () => {
    const query = 'query ($n: Int!) { jobs(first: $n) { nodes { events(first: $n) { seq kind status } } } }';
    expect(refusal(query, { n: 20 })).toBeUndefined();
    expect(refusal(query, { n: 200 })).toMatch(TOO_WIDE);
  });

  it('is counted by a list of ids', () => {
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Job { events(first: 200) { seq kind status } } } }';
    expect(refusal(query, { ids: ['a'] })).toBeUndefined();
    expect(refusal(query, { ids: Array.from({ length: 200 }, () => 'a') })).toMatch(TOO_WIDE);
  });

  it('is counted once for each alias', () => {
    const page = (alias: number) => `p${alias}: jobs(first: 200) { nodes { events(first: 50) { seq kind } } }`; // 20,000 values
    expect(refusal(`{ ${page(1)} }`)).toBeUndefined();
    expect(refusal(`{ ${[1, 2, 3, 4, 5].map(page).join(' ')} }`)).toMatch(TOO_WIDE);
  });

  it('is refused at once where fragments in fragments multiply it', () => {
    const fragments = Array.from(
      { length: 60 },
      (_, index) => `fragment F${index} on Build { ...F${index + 1} ...on Build { ...F${index + 1} } }`,
    );
    const last = 'fragment F60 on Build { id }';
    expect(refusal(`{ build(id: "a") { ...F0 } } ${fragments.join(' ')} ${last}`)).toBe(
      'The operation asks for too much.',
    );
  });

  it('does not matter where variables do not fit: the execution says so', () => {
    const query = 'query ($n: Int!) { jobs(first: $n) { nodes { id } } }';
    expect(refusal(query, { n: 'many' })).toBeUndefined();
    expect(refusal(query)).toBeUndefined();
    expect(refusal(query, null as never)).toBeUndefined();
  });

  it.each([
    ['eifUrl', 50],
    ['runCommand', 50],
    ['provenance', 100],
  ])('is counted with what %s costs, %i values', (field, cost) => {
    const pages = (count: number) =>
      Array.from({ length: count }, (_, at) => `p${at}: builds(first: 200) { nodes { ${field} } }`).join(' ');
    const fitting = Math.floor(100_000 / (200 * cost + 1_000));
    expect(refusal(`{ ${pages(fitting)} }`)).toBeUndefined();
    expect(refusal(`{ ${pages(fitting + 1)} }`)).toMatch(TOO_WIDE);
  });

  it('is counted with what comparisons cost, so that few fit', () => {
    const diffs = (count: number, fields: string) =>
      Array.from({ length: count }, (_, at) => `d${at}: buildDiff(a: "a", b: "b") { ${fields} }`).join(' ');
    expect(refusal(`{ ${diffs(4, 'measurements { name } eif { files { path changes moves } }')} }`)).toBeUndefined();
    expect(refusal(`{ ${diffs(5, 'a { id }')} }`)).toMatch(TOO_WIDE);
    const files = (first: number, state = 'mode sizeBytes sha256') =>
      `{ ${diffs(1, `eif { files(first: ${first}) { path changes moves a { ${state} } b { ${state} } } }`)} }`;
    expect(refusal(files(1000))).toBeUndefined();
    const often = Array.from({ length: 50 }, (_, at) => `m${at}: mode`).join(' ');
    expect(refusal(files(100, often))).toBeUndefined();
    expect(refusal(files(1000, often))).toMatch(TOO_WIDE);
    const names = Array.from({ length: 50 }, (_, at) => `n${at}: name`).join(' ');
    expect(refusal(`{ ${diffs(1, `eif { env { ${names} } }`)} }`)).toBeUndefined();
    expect(refusal(`{ ${diffs(1, `eif { env { ${names} } more: env { ${names} } }`)} }`)).toMatch(TOO_WIDE);
  });

  it('is that of the operation that is asked for', () => {
    const query = `query A { viewer { roles } } query B ${pages('first: 200', 'first: 200')}`;
    expect(refusal(query, {}, 'A')).toBeUndefined();
    expect(refusal(query, {}, 'B')).toMatch(TOO_WIDE);
  });
});

describe('the text of an operation', () => {
  const WITH_NUL = 'Text must not contain NUL characters.';
  const query = 'query ($filter: BuildFilter) { builds(filter: $filter) { totalCount } }';

  it('has no NUL, neither in the document nor in variables at any depth', () => {
    expect(refusal('{ build(id: "a\\u0000b") { id } }')).toBe(WITH_NUL);
    expect(refusal('{ builds(filter: { text: """a\\u0000""" }) { totalCount } }')).toBeUndefined();
    expect(refusal(query, { filter: { text: 'a\0' } })).toBe(WITH_NUL);
    expect(refusal(query, { filter: [{ 'a\0': 1 }] })).toBe(WITH_NUL);
    expect(refusal(query, { filter: { text: 'a\\u0000' } })).toBeUndefined();
  });

  it('has variables of 64 levels at most, however deep they come', () => {
    const deep = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    expect(refusal(query, { filter: deep(63) })).toBeUndefined();
    expect(refusal(query, { filter: deep(100_000) })).toBe('The variables are nested too deeply.');
  });
});
