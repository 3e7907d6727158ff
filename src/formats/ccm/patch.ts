// The vendor's subset of RFC 6902 (add, remove, replace) on documents of one level.
import { CcmError } from './ccm-errors.js';
import type { WirePatch } from './wire-lists.js';

/** The members after all changes, or none of them: throws BAD_USER_INPUT where one does not apply. */
export function applyPatch(texts: Record<string, string>, patch: WirePatch, name: string): Record<string, string> {
  const members = new Map(Object.entries(texts));
  for (const [index, { op, path, value }] of patch.entries()) {
    const member = memberAt(path, `${name}[${index}].path`);
    if (op !== 'add' && !members.has(member)) {
      throw wrong(`${name}[${index}].path names something that is not there.`);
    }
    if (op === 'remove') members.delete(member);
    else if (typeof value === 'string') members.set(member, value);
    else throw wrong(`${name}[${index}].value must be text.`);
  }
  return Object.fromEntries(members);
}

/** The one name in a JSON pointer (RFC 6901). */
export function memberAt(path: string, name: string): string {
  const parts = path.split('/').slice(1);
  if (parts.length !== 1) throw wrong(`${name} must be a slash and one name.`);
  return parts[0]!.replaceAll('~1', '/').replaceAll('~0', '~');
}

export const wrong = (message: string) => new CcmError('BAD_USER_INPUT', 'INVALID_BODY_PARAMETER', message);
