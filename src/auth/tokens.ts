// From the headers of a request to the caller behind them.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { EntityManager } from 'typeorm';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { CatalogError } from '../lib/errors.js';
import { AccessToken } from './access-token.entity.js';
import type { Principal } from './principal.js';

const MAX_TOKEN_LENGTH = 4096;

export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

export class Tokens {
  constructor(private readonly reader: EntityManager) {}

  /** The caller a token stands for; throws UNAUTHENTICATED for an unknown one. */
  async authenticate(token: string): Promise<Principal> {
    const row = await selectRows(this.reader, AccessToken, 't')
      .where('t.hash = :hash', { hash: hashToken(token.slice(0, MAX_TOKEN_LENGTH)) })
      .getRawOne<Row>();
    if (!row) throw new CatalogError('UNAUTHENTICATED', 'The token is not known here.');
    const { accountId, userId, id, name, role } = fromRow(AccessToken, row);
    return { accountId, userId, tokenId: id, name, role };
  }
}

/**
 * The token in `Authorization: Bearer`, or in the `Authentication` header of CCM's Swagger clients (with and without
 * "Bearer"). With `acceptsBasic` also the password of `Authorization: Basic`.
 */
export function tokenFrom(headers: IncomingHttpHeaders, acceptsBasic = false): string | undefined {
  const { authorization, authentication } = headers;
  const bearer = /^bearer +(\S+) *$/i.exec(authorization ?? '');
  if (bearer) return bearer[1];
  const basic = acceptsBasic ? /^basic +([\w+/=-]+) *$/i.exec(authorization ?? '') : null;
  if (basic) return Buffer.from(basic[1]!, 'base64').toString('utf8').split(':').slice(1).join(':');
  const own = Array.isArray(authentication) ? authentication[0] : authentication;
  return own?.replace(/^bearer +/i, '').trim() || undefined;
}
