// Reads the users of an account.
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { addPattern, containing, isLike } from '../db/contains-text.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { readPage } from '../db/keyset.js';
import { ordersOf, readOffsetPage } from '../db/offset-page.js';
import type { OffsetPage, SortedSlice } from '../lib/offset.js';
import { parsePage } from '../lib/paging.js';
import type { Connection, PageArgs } from '../lib/paging.js';
import { Membership } from './membership.entity.js';
import type { Role } from './principal.js';
import { User, UserStatus } from './user.entity.js';
import { toMember } from './user.service.js';
import type { Member } from './user.service.js';

export type MemberSortField = 'createdAt' | 'email' | 'lastSignInAt';

const SORT = {
  createdAt: 'u.createdAt',
  email: 'u.email',
  // Who never signed in comes before everybody, on both databases; so does who is only invited, to tell nothing.
  lastSignInAt: `CASE WHEN m.status = '${UserStatus.PENDING}' THEN 0 ELSE COALESCE(u.lastSignInAt, 0) END`,
};
const ORDER = { name: 'CREATED_AT DESC', column: 'createdAt', descending: true };

export class MemberQuery {
  constructor(private readonly reader: EntityManager) {}

  /** Newest first; `text` is contained in address or name, whatever the case. */
  list(accountId: string, page: PageArgs, text?: string | null): Promise<Connection<Member>> {
    return readPage(this.query(accountId, text), ORDER, parsePage(page, ORDER.name), read);
  }

  listByOffset(
    accountId: string,
    { text, sort, limit, offset }: SortedSlice<MemberSortField> & { text?: string },
  ): Promise<OffsetPage<Member>> {
    const orders = ordersOf(sort, SORT);
    return readOffsetPage(this.query(accountId, text), { orders, limit, offset }, read, this.query(accountId));
  }

  private query(accountId: string, text?: string | null): SelectQueryBuilder<User> {
    const query = selectRows(this.reader, User, 'u')
      .addSelect(['m.role AS role', 'm.status AS "memberStatus"', 'm.createdAt AS "memberSince"'])
      .innerJoin(Membership, 'm', 'm.userId = u.id')
      .where('m.accountId = :accountId', { accountId });
    if (text) restrict(query, text);
    return query;
  }
}

/** The names of who is only invited are not searched: guesses would show them. */
function restrict(query: SelectQueryBuilder<User>, text: string): void {
  const pattern = addPattern(query, containing(text));
  const [email, ...names] = ['u.email', 'u.firstName', 'u.lastName'].map((column) => isLike(column, pattern));
  query.andWhere(`(${email} OR (m.status <> '${UserStatus.PENDING}' AND (${names.join(' OR ')})))`);
}

const read = (row: Row): Member =>
  toMember(fromRow(User, row), {
    role: row.role as Role,
    status: row.memberStatus as UserStatus,
    createdAt: new Date(Number(row.memberSince)),
  });
