import { badInput } from './errors.js';

/** The text in lower case; throws BAD_USER_INPUT where it is not exactly so many bytes in hex. */
export function parseHex(text: string, bytes: number, ...path: string[]): string {
  if (text.length === bytes * 2 && /^[0-9a-f]*$/i.test(text)) return text.toLowerCase();
  throw badInput(`\`${path.at(-1)}\` must be ${bytes * 2} hex digits (${bytes} bytes).`, ...path);
}
