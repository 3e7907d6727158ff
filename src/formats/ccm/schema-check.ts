// Checks documents against the schemas, and says what is wrong in words. Values are never repeated: they may be secrets.
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { isUuid } from '../../lib/ids.js';
import { CcmError } from './ccm-errors.js';
import { SCHEMA_REF } from './openapi.js';
import type { Schema, Schemas } from './openapi.js';
import type { WireErrorCode } from './wire.js';
import { joinPath } from './wire-path.js';

const INT32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };
const MAX_SHOWN = 100;

const FORMATS = {
  int32: { type: 'number', validate: (value: number) => value >= INT32.min && value <= INT32.max },
  // Larger ones would be kept as another number.
  int64: { type: 'number', validate: (value: number) => Number.isSafeInteger(value) },
  uuid: { type: 'string', validate: isUuid },
  byte: { type: 'string', validate: (text: string) => /^[\w+/-]+={0,2}$/.test(text.trim()) },
} as const;

const FORMAT_WORDS: Record<string, string> = {
  int32: `a whole number between ${INT32.min} and ${INT32.max}`,
  int64: `a whole number between ${Number.MIN_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}`,
  uuid: 'a UUID',
  byte: 'base64',
};

const TYPE_WORDS: Record<string, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
};

/** Throws BAD_USER_INPUT where a document is not as its schema says. */
export type CheckSchema = (name: string, document: unknown, code: WireErrorCode) => void;

export function createSchemaCheck(schemas: Schemas): CheckSchema {
  // `verbose` adds the violated schema to an error. The first error is enough, and bounds the work.
  const ajv = new Ajv2020({
    strict: true,
    verbose: true,
    coerceTypes: false,
    removeAdditional: false,
    formats: FORMATS,
  });
  ajv.addVocabulary(['components', 'x-expects']);
  ajv.addSchema({ components: { schemas } }, 'ccm');
  // Compiled when first needed: all of them would make every start wait.
  const validators = new Map<string, ValidateFunction>();
  return (name, document, code) => {
    if (!Object.hasOwn(schemas, name)) throw new Error(`There is no schema ${name}`);
    const validate = validators.get(name) ?? validatorOf(ajv, name);
    validators.set(name, validate);
    if (!validate(document)) throw invalid(validate.errors![0]!, code);
  };
}

function validatorOf(ajv: Ajv2020, name: string): ValidateFunction {
  const validate = ajv.getSchema(`ccm${SCHEMA_REF}${name}`);
  if (!validate) throw new Error(`The schema ${name} can not be compiled`);
  return validate as ValidateFunction;
}

function invalid(error: ErrorObject, code: WireErrorCode): CcmError {
  const { keyword, instancePath } = error;
  const params = error.params as Record<string, unknown>;
  const path = instancePath.split('/').slice(1).map(readable);
  if (keyword === 'required') {
    const missing = joinPath([...path, readable(String(params.missingProperty))]);
    return new CcmError('BAD_USER_INPUT', 'MISSING_REQUIRED_PARAMETER', `${missing} is missing.`);
  }
  const subject = path.length > 0 ? joinPath(path) : 'The body';
  return new CcmError('BAD_USER_INPUT', code, `${subject} ${wordsFor(error, params)}.`);
}

function wordsFor({ keyword, parentSchema, propertyName }: ErrorObject, params: Record<string, unknown>): string {
  const schema = parentSchema as Schema;
  const limit = Number(params.limit);
  if (propertyName !== undefined) return 'has a name that is empty or too long';
  switch (keyword) {
    case 'type':
      return `must be ${TYPE_WORDS[String(params.type)]}`;
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

/** A part of a JSON pointer as it was written; names come from the caller, so they are cut and quoted where odd. */
function readable(part: string): string {
  const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^[\w-]+$/.test(name) && name.length <= MAX_SHOWN ? name : JSON.stringify(name.slice(0, MAX_SHOWN));
}
