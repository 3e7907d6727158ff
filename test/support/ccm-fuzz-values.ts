// Documents that schemas allow, and ways to spoil them.
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { resolveSchema } from './ccm-contract.js';
import type { CcmSchema } from './ccm-contract.js';

/** Stands for the id of something that there is: `@app:7`. Filled in when the request is sent. */
export const idOf = (kind: string): Arbitrary<string> => fc.nat(1000).map((index) => `@${kind}:${index}`);

const KINDS: Record<string, string> = {
  ...{ app_id: 'app', build_id: 'build', node_id: 'node', default_group_id: 'account', 'build-id': 'build' },
  ...{ 'app-id': 'app', 'task-id': 'task', 'account-id': 'account', 'user-id': 'user', 'registry-id': 'registry' },
  ...{ 'node-id': 'node', 'job-id': 'job', previous_id: 'account', acct_id: 'account' },
};

const PATTERNS: Record<string, Arbitrary<string>> = {
  '^[0-9a-fA-F]{64}$': fc.stringMatching(/^[0-9a-fA-F]{64}$/),
  '^[0-9a-fA-F]{96}$': fc.stringMatching(/^[0-9a-fA-F]{96}$/),
  '^[0-9a-fA-F]{24}$': idOf('job'),
  '\\S': fc.oneof(fc.constantFrom('example/image', 'registry.example.com/acme/hello', 'name'), fc.uuid(), printable()),
  '^(/([^/~]|~[01])*)+$': fc.constantFrom('/team', '/description', '/credential', '/a~1b', '/a/b', '/'),
  '^[a-z_]+:(ASC|DESC)(,[a-z_]+:(ASC|DESC))*$': fc.constantFrom(
    ...['created_at:ASC', 'name:DESC', 'created_at:DESC,name:ASC', 'status:ASC', 'nonsense:ASC', 'user_email:DESC'],
  ),
};

function printable(): Arbitrary<string> {
  return fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((text) => `x${text}`);
}

/** What the schema allows; names of members tell which ids are meant. */
export function validValue(schema: CcmSchema, name = ''): Arbitrary<unknown> {
  const known = resolveSchema(schema);
  if (known.enum) return fc.constantFrom(...known.enum);
  switch (known.type ?? 'any') {
    case 'integer':
    case 'number':
      return validNumber(known);
    case 'boolean':
      return fc.boolean();
    case 'string':
      return validText(known, name);
    case 'array':
      return fc.array(validValue(known.items ?? {}), {
        minLength: known.minItems ?? 0,
        maxLength: known.minItems ?? 3,
      });
    case 'object':
      return validObject(known);
    default:
      return fc.oneof(fc.string(), fc.jsonValue({ maxDepth: 2 }));
  }
}

function validNumber({ format, minimum = 0, maximum }: CcmSchema): Arbitrary<number> {
  const most = maximum ?? (format === 'int32' ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER);
  const usual = { min: minimum, max: Math.min(most, minimum + 20) };
  return fc.oneof(fc.integer(usual), fc.integer(usual), fc.constantFrom(minimum, most));
}

function validText({ format, pattern, maxLength = 50 }: CcmSchema, name: string): Arbitrary<string> {
  if (format === 'uuid') return KINDS[name] ? idOf(KINDS[name]) : fc.oneof(fc.uuid(), idOf('group'));
  if (format === 'byte') return fc.base64String({ maxLength: 60 }).map((text) => text || 'eA==');
  if (pattern) return PATTERNS[pattern] ?? fc.stringMatching(new RegExp(pattern), { size: '-1' });
  const short = fc.string({ unit: 'grapheme', maxLength: Math.min(maxLength, 20) });
  const longest = fc.constant('x'.repeat(Math.min(maxLength, 4096)));
  return fc.oneof({ weight: 9, arbitrary: short }, { weight: 1, arbitrary: longest });
}

function validObject({ properties, required, additionalProperties, maxProperties }: CcmSchema): Arbitrary<unknown> {
  if (typeof additionalProperties === 'object') {
    const names = fc.oneof(fc.constantFrom('sgx', 'nitro_enclave', 'team', 'a/b'), printable());
    return fc.dictionary(names, validValue(additionalProperties), { maxKeys: 3, noNullPrototype: true });
  }
  if (!properties)
    return fc.dictionary(printable(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2, noNullPrototype: true });
  const members = Object.entries(properties).map(([name, child]) => [name, validValue(child, name)] as const);
  if (maxProperties === 1) return fc.oneof(...members.map(([name, value]) => value.map((only) => ({ [name]: only }))));
  const requiredKeys = required as [] | undefined;
  return fc.record(Object.fromEntries(members), { requiredKeys: requiredKeys ?? [], noNullPrototype: true });
}

const LONG = 'long '.repeat(10_000);

export const HOSTILE_TEXTS = [
  ...[
    "' or 1=1 --",
    `"'; drop table build; --`,
    '%',
    '_',
    '\\',
    '../../../etc/passwd',
    '..\\..\\x',
    'a\u0000b',
    '\u0000',
  ],
  ...['\ud800', 'x\udfff', '\u202e', '\ufeff', '${7*7}', '{{7*7}}', '<script>', '__proto__', 'constructor', 'toString'],
  ...[
    '1e400',
    'NaN',
    'null',
    'undefined',
    '[]',
    '{}',
    '{"groups":1}',
    '{"groups":["x"]}',
    '{',
    '\r\nx: y',
    ' ',
    ',',
    ':',
  ],
  LONG,
];

type Spoil = (value: unknown) => unknown;

const replaceWith = (values: unknown[]): Arbitrary<Spoil> => fc.constantFrom(...values).map((value) => () => value);
const GONE = Symbol('gone');

/** How one member of a document goes wrong. */
const NEARLY: Arbitrary<Spoil> = fc.oneof(
  replaceWith([GONE, null, '', 'OTHER', [], {}, true, 0, -1, 1.5, '1', 'x'.repeat(256), 'x'.repeat(40_000)]),
  replaceWith([2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 70_000, ['x'], { x: 1 }, [null], [[]]]),
  fc.constantFrom<Spoil>(
    (value) => [value],
    (value) => (typeof value === 'string' ? value.toLowerCase() : value),
    (value) => (typeof value === 'string' ? `${value} ` : value),
    (value) => (Array.isArray(value) ? Array.from({ length: 2000 }, () => value[0] ?? 'x') : value),
    (value) => (typeof value === 'object' && value !== null ? { ...value, unknown: { deep: [1] } } : value),
  ),
);

const HOSTILE: Arbitrary<Spoil> = fc.oneof(
  replaceWith(HOSTILE_TEXTS),
  fc
    .constantFrom('__proto__', 'constructor', 'hasOwnProperty', '\u0000', '\ud800', '')
    .map((name): Spoil => (value) => {
      const copy = typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
      // An own member, whatever its name.
      return Object.defineProperty(copy, name, { value: { polluted: 'yes' }, enumerable: true });
    }),
);

/** The document with one thing wrong anywhere in it. */
export function spoiled(valid: Arbitrary<unknown>, how: 'nearly' | 'hostile'): Arbitrary<unknown> {
  const spoil = how === 'nearly' ? NEARLY : HOSTILE;
  return fc.tuple(valid, fc.nat(), spoil).map(([value, at, change]) => {
    const copy: unknown = JSON.parse(JSON.stringify({ root: value ?? null }));
    const places = placesIn(copy);
    const [holder, key] = places[at % places.length]!;
    const changed = change(holder[key]);
    if (changed === GONE) delete holder[key];
    else Object.defineProperty(holder, key, { value: changed, enumerable: true, configurable: true, writable: true });
    return (copy as { root?: unknown }).root;
  });
}

type Holder = Record<string, unknown>;

function placesIn(value: unknown): [Holder, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(
    ([key, child]) => [[value as Holder, key], ...placesIn(child)] as [Holder, string][],
  );
}
