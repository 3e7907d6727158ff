// From the text of a query to values in the types that the OpenAPI document declares.
import type { Parameter } from './openapi.js';

/**
 * What a query says, by the names of the operation's query parameters; what it does not say has no member. It is
 * checked against their schemas afterwards, so text that is not of its type is left as it is.
 */
export type ReadQuery = (query: URLSearchParams, parameters: Parameter[]) => Record<string, unknown>;

/** Each parameter once, the first one counts; an empty one counts as left out. */
export const readPlainQuery: ReadQuery = (query, parameters) => {
  const found = parameters.flatMap(({ name, schema }) => {
    const text = query.get(name) ?? '';
    const value = text === '' ? schema.default : typedValue(text, schema.type);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
};

/** Text in the type that is declared, where it is of that type. */
export function typedValue(text: string, type: string | undefined): unknown {
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === 'boolean' && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return text;
}
