// Checks documents against the schemas, and says what is wrong in words. Values are never repeated: they may be secrets.
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { isUuid } from '../lib/ids.js';
import { joinPath } from './member-path.js';
import { SCHEMA_REF } from './openapi.js';
import type { Schema, Schemas } from './openapi.js';
import { SchemaViolation } from './schema-violation.js';
import type { Place } from './schema-violation.js';

const INT32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };
const MAX_SHOWN = 100;
const ROOT = 'document';

const isDateTime = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text) &&
  Number.isFinite(Date.parse(text));

const FORMATS = {
  int32: { type: 'number', validate: (value: number) => value >= INT32.min && value <= INT32.max },
  // Larger ones would be kept as another number.
  int64: { type: 'number', validate: (value: number) => Number.isSafeInteger(value) },
  uuid: { type: 'string', validate: isUuid },
  hex24: { type: 'string', validate: (text: string) => /^[\da-f]{24}$/i.test(text) },
  byte: { type: 'string', validate: (text: string) => /^[\w+/-]+={0,2}$/.test(text.trim()) },
  'date-time': { type: 'string', validate: isDateTime },
} as const;

const FORMAT_WORDS: Record<string, string> = {
  int32: `a whole number between ${INT32.min} and ${INT32.max}`,
  int64: `a whole number between ${Number.MIN_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}`,
  uuid: 'a UUID',
  hex24: '24 hex digits',
  byte: 'base64',
  'date-time': 'a time by RFC 3339',
};

const TYPE_WORDS: Record<string, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
};

/** Throws a SchemaViolation where a document is not as the schema of that name says. */
export type CheckSchema = (name: string, document: unknown, place: Place) => void;

export function createSchemaCheck(schemas: Schemas): CheckSchema {
  // `verbose` adds the violated schema to an error. The first error is enough, and bounds the work.
  const ajv = new Ajv2020({
    strict: true,
    verbose: true,
    coerceTypes: false,
    removeAdditional: false,
    formats: FORMATS,
  });
  ajv.addVocabulary(['components', 'x-expects', 'x-known-values', 'x-epoch-seconds']);
  ajv.addSchema({ components: { schemas } }, ROOT);
  // Compiled when first needed: all of them would make every start wait.
  const validators = new Map<string, ValidateFunction>();
  return (name, document, place) => {
    if (!Object.hasOwn(schemas, name)) throw new Error(`There is no schema ${name}`);
    const validate = validators.get(name) ?? validatorOf(ajv, name);
    validators.set(name, validate);
    if (!validate(document)) throw violation(validate.errors![0]!, place);
  };
}

function validatorOf(ajv: Ajv2020, name: string): ValidateFunction {
  const validate = ajv.getSchema(`${ROOT}${SCHEMA_REF}${name}`);
  if (!validate) throw new Error(`The schema ${name} can not be compiled`);
  return validate as ValidateFunction;
}

function violation(error: ErrorObject, place: Place): SchemaViolation {
  const { keyword, instancePath } = error;
  const params = error.params as Record<string, unknown>;
  const isMissing = keyword === 'required';
  const parts = [
    ...instancePath.split('/').slice(1).map(unescaped),
    ...(isMissing ? [String(params.missingProperty)] : []),
  ];
  const member = { path: joinPath(parts.map(readable)), pointer: parts.map(pointerPart).join(''), isMissing };
  if (isMissing) return new SchemaViolation(`${member.path} is missing.`, place, member);
  const subject = parts.length > 0 ? member.path : `The ${place}`;
  return new SchemaViolation(`${subject} ${wordsFor(error, params)}.`, place, member);
}

function wordsFor({ keyword, parentSchema, propertyName }: ErrorObject, params: Record<string, unknown>): string {
  const schema = parentSchema as Schema;
  const limit = Number(params.limit);
  if (propertyName !== undefined) return 'has a name that is empty or too long';
  switch (keyword) {
    case 'type':
      return `must be ${typeWords(params.type)}`;
    case 'enum':
      return `must be ${schema.enum!.length > 1 ? 'one of ' : ''}${schema.enum!.join(', ')}`;
    case 'format':
      return `must be ${FORMAT_WORDS[String(params.format)]}`;
    case 'pattern':
      return `must be ${schema['x-expects']}`;
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    case 'exclusiveMinimum':
      return `must be more than ${limit}`;
    case 'minLength':
      return `must have at least ${limit} characters`;
    case 'minItems':
      return `must have at least ${limit} ${limit === 1 ? 'item' : 'items'}`;
    case 'maxItems':
      return `must have at most ${limit} ${limit === 1 ? 'item' : 'items'}`;
    case 'uniqueItems':
      return 'must not have the same item twice';
    case 'minProperties':
      return `must have at least ${limit} ${limit === 1 ? 'member' : 'members'}`;
    case 'maxLength':
      return `must have at most ${limit} characters`;
    case 'maxProperties':
      return `must have at most ${limit} ${limit === 1 ? 'member' : 'members'}`;
    case 'additionalProperties':
      return `has the member ${readable(String(params.additionalProperty))}, which is not known here`;
    default:
      return 'is not as it must be';
  }
}

/** Of one type, or of one that may be null too. */
const typeWords = (types: unknown): string =>
  [types]
    .flat()
    .filter((type) => type !== 'null')
    .map((type) => TYPE_WORDS[String(type)])
    .join(' or ');

const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

const pointerPart = (name: string): string =>
  `/${name.slice(0, MAX_SHOWN).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Names come from the caller, so they are cut and quoted where odd. */
function readable(name: string): string {
  return /^[\w-]+$/.test(name) && name.length <= MAX_SHOWN ? name : JSON.stringify(name.slice(0, MAX_SHOWN));
}
