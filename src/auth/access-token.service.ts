// Tokens for machines: made by managers, shown once, void at once when revoked.
import type { EntityManager } from 'typeorm';
import { recordChange } from '../events/catalog-log.js';
import { badInput, invalidState, notFound } from '../lib/errors.js';
import type { Transaction } from '../lib/transaction.js';
import { AccessToken, ADMINISTRATOR } from './access-token.entity.js';
import { newMachine } from './machines.js';
import type { NewMachine } from './machines.js';
import { actorOf } from './principal.js';
import type { Principal } from './principal.js';
import type { RightsChanges } from './rights-changes.js';
import { hashToken, newAccessToken } from './tokens.js';

const MAX_TOKENS = 1_000;

export class AccessTokenService {
  constructor(
    private readonly reader: EntityManager,
    private readonly rights: RightsChanges,
  ) {}

  /** Throws BAD_USER_INPUT. The secret is nowhere to be had afterwards. */
  async create(tx: Transaction, principal: Principal, input: NewMachine) {
    if (input.name.trim() === ADMINISTRATOR)
      throw badInput(`\`${ADMINISTRATOR}\` is the token of DATA_DIR/admin.token.`, 'name');
    const machine = await newMachine(tx, principal, input);
    const { accountId, id: entityId, name, role, expiresAt } = machine;
    if ((await tx.manager.countBy(AccessToken, { accountId })) >= MAX_TOKENS) {
      throw invalidState(`An account has at most ${MAX_TOKENS} tokens: revoke some.`);
    }
    const secret = newAccessToken();
    const accessToken: AccessToken = { ...machine, hash: hashToken(secret) };
    await tx.manager.insert(AccessToken, accessToken);
    const change = { accountId, entityType: 'AccessToken', entityId, actor: actorOf(principal) };
    recordChange(tx, { ...change, kind: 'CREATED', after: { name, role, expiresAt } });
    return { accessToken, secret };
  }

  /** Void from the next request on. Throws NOT_FOUND, and CONFLICT for the administrator's own. */
  async revoke(tx: Transaction, principal: Principal, id: string): Promise<AccessToken> {
    const { accountId } = principal;
    const token = await tx.manager.findOneBy(AccessToken, { accountId, id: id.toLowerCase() });
    if (!token) throw notFound('access token', id);
    if (token.name === ADMINISTRATOR) {
      throw invalidState('The token of DATA_DIR/admin.token is replaced by removing that file and restarting.');
    }
    await tx.manager.delete(AccessToken, { accountId, id: token.id });
    this.rights.announce(tx);
    const { name, role, expiresAt } = token;
    const change = { accountId, entityType: 'AccessToken', entityId: token.id, actor: actorOf(principal) };
    recordChange(tx, { ...change, kind: 'DELETED', before: { name, role, expiresAt } });
    return token;
  }

  /** Newest first. */
  list(accountId: string): Promise<AccessToken[]> {
    return this.reader.find(AccessToken, { where: { accountId }, order: { createdAt: 'DESC', id: 'DESC' } });
  }
}
