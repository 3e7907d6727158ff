// Requests made of schema/openapi/ccm.yaml: as it allows them, with one thing wrong, or by somebody who means harm.
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { CCM_OPERATIONS, PREFIX } from './ccm-contract.js';
import type { CcmOperation, CcmParameter } from './ccm-contract.js';
import { HOSTILE_TEXTS, idOf, spoiled, validValue } from './ccm-fuzz-values.js';

export type Manner = 'valid' | 'nearly' | 'hostile';

/** The guest is who leaves; the forger's token is nobody's; the cookie comes without X-CSRF-Header. */
export type Actor = 'administrator' | 'manager' | 'reader' | 'stranger' | 'guest' | 'nobody' | 'forger' | 'cookie';

/** As it is sent, but for `@kind:7` in path and body, which stand for ids. */
export interface FuzzRequest {
  operation: CcmOperation;
  manner: Manner;
  actor: Actor;
  path: string;
  headers: Record<string, string>;
  body?: string | Buffer | { filler: number };
}

const BODY_LIMIT = 2 * 1024 * 1024;
/** Each takes a quarter of a second for its password. */
const SLOW = ['createUser', 'authenticateUser', 'inviteUser'];
/** Whose success ends what the others need. */
const ENDING = ['terminate', 'deleteUserAccount', 'deleteUserFromAccount', 'UpdateUser'];

const HOSTILE_PARTS = [
  ...[
    '..',
    '%2e%2e%2f%2e%2e',
    '%',
    '%zz',
    '%00',
    '%ff',
    '%ED%A0%80',
    'a'.repeat(1025),
    'a'.repeat(9000),
    '%20',
    'null',
  ],
  ...[
    "'%20or%201=1%20--",
    '[object%20Object]',
    '%F0%9F%92%A9',
    '__proto__',
    'constructor',
    '-1',
    ';',
    '@build:1%0a',
    '*',
  ],
  ...['@build:1%00', '@app:1/', '%2F', '{build-id}', '@task:1@task:2'],
];

const partOf = ({ name, schema }: CcmParameter, manner: Manner): Arbitrary<string> => {
  const valid = validValue(schema, name) as Arbitrary<string>;
  const other = fc.oneof(
    idOf('build'),
    idOf('app'),
    fc.uuid(),
    fc.constant('7'),
    valid.map((id) => `${id}0`),
  );
  const odd = fc.constantFrom(...HOSTILE_PARTS);
  const weights = { valid: [19, 1, 0], nearly: [15, 4, 1], hostile: [12, 2, 6] }[manner];
  return fc.oneof(...[valid, other, odd].map((arbitrary, index) => ({ arbitrary, weight: weights[index]! })));
};

const encode = (text: unknown): string =>
  encodeURIComponent(Buffer.from(String(text)).toString()).replaceAll('%40', '@');

const RAW_QUERY = [
  '%',
  '%zz=1',
  'limit=%',
  'limit[]=1',
  'limit[a]=1',
  '&&&',
  '=',
  'limit=1&limit=x',
  '?',
  'filter=%ff',
  '__proto__=1',
];

function queryOf(parameters: CcmParameter[], manner: Manner): Arbitrary<string> {
  const pairs = parameters.map(({ name, schema, required }) => {
    const valid = validValue(schema, name).map((value) => `${name}=${encode(value)}`);
    const wrong = fc.constantFrom(
      '0',
      '-1',
      '1.5',
      'x',
      '',
      '2147483648',
      '1e3',
      '99999999999999999999',
      'x'.repeat(5000),
    );
    const nearly = fc.oneof(wrong, fc.uuid()).map((value) => `${name}=${value}`);
    const hostile = fc
      .constantFrom(...HOSTILE_TEXTS.map((text) => text.slice(0, 3000)))
      .map((text) => `${name}=${encode(text)}`);
    const doubled = fc.tuple(valid, nearly).map((both) => both.join('&'));
    const spoil = { valid, nearly: fc.oneof(valid, nearly), hostile: fc.oneof(valid, hostile, doubled) }[manner];
    return required && manner === 'valid' ? spoil : fc.option(spoil, { freq: 1, nil: '' });
  });
  const raw = manner === 'hostile' ? fc.option(fc.constantFrom(...RAW_QUERY), { freq: 1, nil: '' }) : fc.constant('');
  return fc.tuple(fc.tuple(...pairs), raw).map(([parts, last]) => [...parts, last].filter(Boolean).join('&'));
}

const nested = (open: string, close: string, levels: number) => `${open.repeat(levels)}1${close.repeat(levels)}`;

const BROKEN: Arbitrary<NonNullable<FuzzRequest['body']>> = fc.oneof(
  fc.constantFrom(
    '',
    '{',
    '{"a":',
    'null',
    '[]',
    '{}',
    '"x"',
    '1',
    'NaN',
    '{"a":1}}',
    "{'a':1}",
    '{"a":1,}',
    '\u0000',
    'true',
  ),
  fc.constantFrom(
    '{"mem_size":1e400}',
    '{"mem_size":9007199254740993}',
    '{"name":"a","name":1}',
    '{"__proto__":{"polluted":"yes"}}',
  ),
  fc.constantFrom(
    ...[65, 10_000, 200_000].flatMap((levels) => [
      nested('[', ']', levels),
      `{"configs":${nested('{"a":', '}', levels)}`,
    ]),
  ),
  fc.constantFrom(
    Buffer.from([0xff, 0xfe, 0x7b]),
    Buffer.from('{"name":"\xe9"}', 'latin1'),
    Buffer.from('{"name":"x"}', 'utf16le'),
  ),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.json(),
);

const FILLER = fc.constantFrom(BODY_LIMIT - 20, BODY_LIMIT, BODY_LIMIT + 1).map((filler) => ({ filler }));

function bodyOf({ body }: CcmOperation, manner: Manner): Arbitrary<FuzzRequest['body']> {
  if (!body) return manner === 'hostile' ? fc.option(BROKEN, { nil: undefined }) : fc.constant(undefined);
  const valid = validValue(body);
  const text = (value: Arbitrary<unknown>) => value.map((document) => JSON.stringify(document) ?? '');
  if (manner === 'valid') return text(valid);
  if (manner === 'nearly') return text(spoiled(valid, 'nearly'));
  return fc.oneof(
    { weight: 10, arbitrary: text(spoiled(valid, 'hostile')) },
    { weight: 8, arbitrary: BROKEN },
    { weight: 1, arbitrary: FILLER },
  );
}

const TYPES = [
  ...[
    'text/plain;charset=UTF-8',
    'application/xml',
    'multipart/form-data',
    'application/json; charset=utf-16',
    'x',
    '/',
    ';;',
  ],
  ...['application/x-www-form-urlencoded', 'application/json; charset="', 'a/b/c', '*/*'],
];

function headersOf({ parameters }: CcmOperation, manner: Manner): Arbitrary<Record<string, string>> {
  const declared = parameters.filter(({ in: place }) => place === 'header').map(({ name }) => name);
  const odd = fc.constantFrom('', 'x', 'x'.repeat(256), 'respond-async', '\u00e9', ',,;=', 'respond-async, wait=1');
  const special = fc.record(Object.fromEntries(declared.map((name) => [name, odd])), {
    requiredKeys: [],
    noNullPrototype: true,
  });
  const odder = fc.oneof({ weight: 4, arbitrary: fc.constant('application/json') }, fc.constantFrom(...TYPES));
  const type = manner === 'hostile' ? odder : fc.constant('application/json');
  return fc.tuple(special, type).map(([own, content]) => ({ 'content-type': content, ...own }));
}

function actorFor({ id, access }: CcmOperation): Arbitrary<Actor> {
  if (ENDING.includes(id)) return fc.constantFrom('administrator', 'guest', 'nobody', 'cookie');
  const able = access === 'USER' || access === 'ANYONE' ? 'manager' : 'administrator';
  const others = fc.constantFrom<Actor>('manager', 'reader', 'stranger', 'nobody', 'forger', 'cookie');
  return fc.oneof({ weight: 12, arbitrary: fc.constant<Actor>(able) }, { weight: 3, arbitrary: others });
}

function requestFor(operation: CcmOperation, manner: Manner): Arbitrary<FuzzRequest> {
  const inPath = operation.parameters.filter(({ in: place }) => place === 'path');
  const parts = fc.tuple(...inPath.map((parameter) => partOf(parameter, manner)));
  const inQuery = operation.parameters.filter(({ in: place }) => place === 'query');
  const prefix = fc.constantFrom('/v1', '/v1', '/v1', PREFIX);
  const [query, body] = [queryOf(inQuery, manner), bodyOf(operation, manner)];
  return fc
    .tuple(parts, query, body, headersOf(operation, manner), actorFor(operation), prefix)
    .map(([values, asked, content, headers, actor, start]) => {
      const filled = inPath.reduce(
        (path, { name }, index) => path.replace(`{${name}}`, () => values[index]!),
        operation.path,
      );
      const path = filled.replace('/v1', start) + (asked === '' ? '' : `?${asked}`);
      return { operation, manner, actor, path, headers, body: content };
    });
}

/** Any request to any operation; slow ones are rare. */
export const anyRequest: Arbitrary<FuzzRequest> = fc.oneof(
  ...CCM_OPERATIONS.flatMap((operation) =>
    (['valid', 'nearly', 'hostile'] as const).map((manner) => ({
      weight: SLOW.includes(operation.id) ? 1 : operation.body ? 16 : 8,
      arbitrary: requestFor(operation, manner),
    })),
  ),
);
