// The vendor's own Swagger document as a judge of answers. Where ../shared is absent there is no such judge.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import type { ValidateFunction } from 'ajv';
import { FORMATS, wordsOf } from './ccm-contract.js';
import type { CcmAnswer, CcmOperation } from './ccm-contract.js';

const FILE = join(__dirname, '../../../shared/reference/ccm/swagger.json');

export const hasVendor = existsSync(FILE);

/** Operations that the vendor's document does not have, and why there are any. */
export const OURS_ALONE: Record<string, string> = {
  reportDeployment: "CCM's nodes report through agents of its own",
  convertAppBuild: 'only older clients know it',
  getConversion: 'CCM knows no conversions that nobody waits for',
  selectAccount: 'only older clients know it',
};

type Paths = Record<string, Record<string, { responses: Record<string, { schema?: object }> }>>;

interface Swagger {
  paths: Paths;
  definitions: object;
}

const vendor = hasVendor ? (JSON.parse(readFileSync(FILE, 'utf8')) as Swagger) : undefined;
const judge = new Ajv({ strict: false, validateSchema: false, allErrors: true, formats: { ...FORMATS, ...loose() } });
if (vendor) judge.addSchema(modern({ definitions: vendor.definitions }), 'vendor');
const validators = new Map<object, ValidateFunction>();

/** Formats that say nothing of what is right, or nothing that the gateway would not say more strictly. */
function loose(): Record<string, true> {
  return Object.fromEntries(['password', 'binary', 'double'].map((name) => [name, true]));
}

/** Swagger 2.0 is JSON Schema of draft 4 with a word of its own for null. */
function modern(schema: unknown): any {
  if (Array.isArray(schema)) return schema.map(modern);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { exclusiveMinimum, minimum, ...rest } = schema as Record<string, unknown>;
  const bound = exclusiveMinimum === true ? { exclusiveMinimum: minimum } : { exclusiveMinimum, minimum };
  const members = Object.entries({ ...rest, ...bound }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members.map(([name, value]) => [name, modern(value)]));
}

function validatorOf(schema: object): ValidateFunction {
  const known = validators.get(schema);
  if (known) return known;
  const text = JSON.stringify(modern(schema)).replaceAll('"#/definitions', '"vendor#/definitions');
  const made = judge.compile(JSON.parse(text) as object);
  validators.set(schema, made);
  return made;
}

export const isVendors = ({ path, method }: CcmOperation): boolean =>
  vendor?.paths[path]?.[method.toLowerCase()] !== undefined;

/** What is wrong with an answer by the vendor's document; nothing where all is well or nobody can tell. */
export function vendorProblems({ id, path, method }: CcmOperation, { status, body }: CcmAnswer): string[] {
  if (!vendor) return [];
  if (status >= 400) return judged({ $ref: '#/definitions/Event' }, body);
  if (id in OURS_ALONE || status === 202 || status === 303) return [];
  const declared = vendor.paths[path]?.[method.toLowerCase()]?.responses[status];
  if (!declared) return [`the vendor does not answer ${status}`];
  return declared.schema ? judged(declared.schema, body) : [];
}

function judged(schema: object, body: unknown): string[] {
  const validate = validatorOf(schema);
  return validate(body) ? [] : wordsOf(validate.errors).map((words) => `by the vendor: ${words}`);
}
