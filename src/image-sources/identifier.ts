import { badInput } from '../lib/errors.js';

const MAX_LENGTH = 100;

/** `My Container` -> `my-container`; what has no letter or digit of ASCII is `image`. */
export function identifierOf(name: string): string {
  const words =
    name
      .normalize('NFKD')
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? [];
  return words.join('-').slice(0, MAX_LENGTH).replace(/-$/, '') || 'image';
}

/** Throws BAD_USER_INPUT for what could be no part of a repository's name. */
export function checkIdentifier(identifier: string): string {
  const isValid = identifier.length <= MAX_LENGTH && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(identifier);
  if (isValid) return identifier;
  const message = `\`identifier\` must have at most ${MAX_LENGTH} lower-case letters and digits, with single dashes between.`;
  throw badInput(message, 'identifier');
}
