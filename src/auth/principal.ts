// Who calls, in which account, and what they may do there.
import { registerEnumType } from 'type-graphql';
import type { Actor } from '../events/catalog-log.entity.js';
import { CatalogError } from '../lib/errors.js';
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
    MANAGER: { description: 'Decides reviews; manages users, tokens and sources.' },
  },
});

export interface Principal {
  accountId: string;
  userId: string | null;
  tokenId: string;
  /** Shown in the audit trail. */
  name: string;
  role: Role;
}

const RANK = { ANYONE: 0, READER: 1, WRITER: 2, MANAGER: 3 } as const;

/** Throws UNAUTHENTICATED without a caller and FORBIDDEN where its role is too low. */
export function requireAccess(principal: Principal | undefined, access: Access): asserts principal is Principal {
  if (!principal) throw new CatalogError('UNAUTHENTICATED', 'A token is needed: send `Authorization: Bearer <token>`.');
  // So that a role of a newer version, which has no rank here, may do nothing.
  if (!(RANK[principal.role] >= RANK[access])) {
    throw new CatalogError('FORBIDDEN', `This needs the role ${access}; this token has ${principal.role}.`);
  }
}

export const actorOf = (principal: Principal): Actor => ({
  type: principal.userId ? 'USER' : 'TOKEN',
  id: principal.userId ?? principal.tokenId,
  name: principal.name,
});
