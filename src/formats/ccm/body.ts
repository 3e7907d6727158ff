// From the bytes of a request to a document that is as its schema says. The content type does not matter: clients
// generated from CCM's description send JSON as text/plain.
import { badInput } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { CcmError } from './ccm-errors.js';
import type { Schemas } from './openapi.js';
import type { CheckSchema } from './schema-check.js';
import { withoutUnset } from './unset.js';
import type { WireBodies } from './wire-bodies.js';

/** Throws BAD_USER_INPUT. */
export type ReadBody = <Name extends keyof WireBodies>(name: Name, body: Buffer) => WireBodies[Name];

export function createBodyReader(schemas: Schemas, check: CheckSchema): ReadBody {
  return <Name extends keyof WireBodies>(name: Name, body: Buffer) => {
    const value = parseJson(decode(body));
    if (hasForbiddenText(value)) {
      const message = 'The body has text with a NUL character or half a surrogate pair, which can not be kept.';
      throw new CcmError('BAD_USER_INPUT', 'INVALID_BODY_PARAMETER', message);
    }
    const document = withoutUnset(schemas, schemas[name]!, value);
    check(name, document, 'INVALID_BODY_PARAMETER');
    return document as WireBodies[Name];
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

// PostgreSQL refuses NUL in text, and half a surrogate pair has no UTF-8. The depth was bounded before.
function hasForbiddenText(value: unknown): boolean {
  if (typeof value === 'string') return /[\0\p{Surrogate}]/u.test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, child]) => hasForbiddenText(name) || hasForbiddenText(child));
}
