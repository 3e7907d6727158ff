// Who calls, in which account, and what they may do there.
import { registerEnumType } from 'type-graphql';
import type { Actor } from '../events/catalog-log.entity.js';
import { badInput, CatalogError } from '../lib/errors.js';
import type { Access } from '../lib/route.js';

export enum Role {
  READER = 'READER',
  WRITER = 'WRITER',
  MANAGER = 'MANAGER',
}
registerEnumType(Role, {
  name: 'Role',
  description: "A caller's rights in an account; each includes those before it. CCM's role names.",
  valuesConfig: {
    READER: { description: 'Reads everything in the account.' },
    WRITER: { description: 'Creates apps and builds, starts and cancels jobs.' },
    MANAGER: { description: 'Decides reviews; manages users, tokens and sources; reads the audit trail.' },
  },
});

/** Somebody signed in, maybe without an account yet. */
export interface Caller {
  accountId: string | null;
  /** Null where a token stands for a machine. */
  userId: string | null;
  /** Of the access token or the session. */
  tokenId: string;
  /** Shown in the audit trail. */
  name: string;
  role: Role | null;
  /** In whose name a machine acts, where that is another: who made its token. */
  ownerId?: string;
  /** Set where somebody signed in, and can refresh or end that. */
  sessionId?: string;
}

/** Somebody signed in, in an account. */
export interface Principal extends Caller {
  accountId: string;
  role: Role;
}

const RANK = { ANYONE: 0, USER: 0, READER: 1, WRITER: 2, MANAGER: 3 } as const;

/** Throws UNAUTHENTICATED without a caller. */
export function requireCaller(caller: Caller | undefined): asserts caller is Caller {
  if (!caller) throw new CatalogError('UNAUTHENTICATED', 'A token is needed: send `Authorization: Bearer <token>`.');
}

/** Throws UNAUTHENTICATED without a caller and FORBIDDEN where it has no account, or too low a role there. */
export function requireAccess(caller: Caller | undefined, access: Access): asserts caller is Principal {
  requireCaller(caller);
  if (caller.accountId === null || caller.role === null) {
    const message = 'No account is selected: POST /v1/sys/session/select_account/<id>, one of GET /v1/accounts.';
    throw new CatalogError('FORBIDDEN', message, { reason: 'NO_ACCOUNT_SELECTED' });
  }
  // So that a role of a newer version, which has no rank here, may do nothing.
  if (!(RANK[caller.role] >= RANK[access])) {
    throw new CatalogError('FORBIDDEN', `This needs the role ${access}; this token has ${caller.role}.`);
  }
}

export const hasRole = (held: { role: Role }, role: Role): boolean => RANK[held.role] >= RANK[role];

export const actorOf = ({ userId, tokenId, name, ownerId }: Caller): Actor => ({
  type: userId ? 'USER' : 'TOKEN',
  id: userId ?? tokenId,
  name,
  ...(ownerId !== undefined && { ownerId }),
});

/** Throws BAD_USER_INPUT where there is none. */
export function highest(roles: Role[]): Role {
  if (roles.length === 0) throw badInput('At least one role is needed.', 'roles');
  return [Role.MANAGER, Role.WRITER].find((role) => roles.includes(role)) ?? Role.READER;
}
