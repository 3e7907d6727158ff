import type { FastifyRequest } from 'fastify';
import type { Caller } from '../auth/principal.js';
import { cookieToken, tokenFrom } from '../auth/request-token.js';
import type { Tokens } from '../auth/tokens.js';
import { CatalogError } from '../lib/errors.js';

/**
 * Who sends a request; undefined for nobody. A token in a header must be right, unless nobody may call too; a cookie, which browsers keep sending,
 * is nobody's once its session ended. Throws UNAUTHENTICATED, and FORBIDDEN for a cookie without X-CSRF-Header, unless
 * nobody may call too.
 */
export async function callerOf(
  { method, headers, ip }: FastifyRequest,
  tokens: Tokens,
  { acceptsBasic = false, isOpen = false } = {},
): Promise<Caller | undefined> {
  const token = tokenFrom(headers, acceptsBasic);
  if (token !== undefined) return orNobody(tokens.authenticate(token, ip), isOpen);
  // Whoever signs in again may still have a cookie of before.
  const ofCookie = isOpen && !headers['x-csrf-header'] ? undefined : cookieToken(method, headers);
  if (ofCookie === undefined) return undefined;
  return orNobody(tokens.authenticate(ofCookie, ip), true);
}

/** A token that is void is nobody's where nobody may call too. */
const orNobody = (caller: Promise<Caller>, isOpen: boolean): Promise<Caller | undefined> =>
  caller.catch((error: unknown) => {
    if (isOpen && error instanceof CatalogError && error.code === 'UNAUTHENTICATED') return undefined;
    throw error;
  });
