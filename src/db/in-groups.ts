import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { badInput } from '../lib/errors.js';

/** SQLite takes at most 32,766 parameters, PostgreSQL 65,535. */
const MAX_GROUPS = 1_000;

/** Keeps the rows of these groups, whose ids rows hold in the case they came in. */
export function inGroups<Entity extends ObjectLiteral>(query: SelectQueryBuilder<Entity>, groupIds: string[]): void {
  if (groupIds.length > MAX_GROUPS) throw badInput(`At most ${MAX_GROUPS} groups can be asked for at once.`, 'filter');
  if (groupIds.length === 0) query.andWhere('1 = 0');
  const ids = groupIds.map((id) => id.toLowerCase());
  if (ids.length > 0) query.andWhere(`LOWER(${query.alias}.groupId) IN (:...groupIds)`, { groupIds: ids });
}
