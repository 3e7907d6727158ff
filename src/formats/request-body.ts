// From the bytes of a request to a document that is as its schema says. The content type does not matter: clients
// generated from CCM's description send JSON as text/plain.
import { badInput } from '../lib/errors.js';
import { parseJson } from '../lib/json.js';
import type { Schemas } from './openapi.js';
import type { CheckSchema } from './schema-check.js';
import { SchemaViolation } from './schema-violation.js';
import { withoutUnset } from './unset.js';

/** The document, which is as the schema of that name says. Throws BAD_USER_INPUT, a SchemaViolation where it is not. */
export type ReadBody = (schema: string, body: Buffer) => unknown;

interface BodyOptions {
  /** Members that are null, and empty texts where none can be right, count as left out. */
  dropsUnset?: boolean;
}

export function createBodyReader(schemas: Schemas, check: CheckSchema, { dropsUnset = false }: BodyOptions): ReadBody {
  return (schema, body) => {
    const value = parseJson(decode(body));
    if (hasForbiddenText(value)) {
      const message = 'The body has text with a NUL character or half a surrogate pair, which can not be kept.';
      throw new SchemaViolation(message, 'body');
    }
    const document = dropsUnset ? withoutUnset(schemas, schemas[schema]!, value) : value;
    check(schema, document, 'body');
    return document;
  };
}

/** A byte order mark is dropped. */
function decode(body: Buffer): string {
  if (body.length === 0) throw badInput('A JSON object is needed as the body.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw badInput('The body is not valid UTF-8.');
  }
}

/** PostgreSQL refuses NUL in text, and half a surrogate pair has no UTF-8. The depth is bounded by who calls it. */
export function hasForbiddenText(value: unknown): boolean {
  if (typeof value === 'string') return /[\0\p{Surrogate}]/u.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, child]) => hasForbiddenText(name) || hasForbiddenText(child));
}
