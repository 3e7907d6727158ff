// Finds tasks by the names of people, which stand in JSON documents. Every `"name":` in them is a member: inside of a
// text the quotes would be escaped.
import type { SelectQueryBuilder } from 'typeorm';
import { containsExactly } from '../db/contains-exactly.js';
import { addPattern, containing, isLike, literally } from '../db/contains-text.js';
import type { Actor } from '../events/catalog-log.entity.js';
import type { Task } from './task.entity.js';

/** As tasks keep who asked: behind the name comes nothing else, so that a pattern can tell where it ends. */
export const nameLast = ({ name, ...rest }: Actor): Actor => ({ ...rest, name });

/** Keeps the tasks that were asked for and decided by people of exactly these names. */
export function restrictPeople(
  query: SelectQueryBuilder<Task>,
  requester: string | null | undefined,
  approver: string | null | undefined,
): void {
  if (requester) containsExactly(query, 'requester', nameMember(requester));
  if (approver) containsExactly(query, 'approvals', nameMember(approver));
}

/** Keeps the tasks whose type, subject's id or requester's name contains the text, whatever the case. */
export function restrictText(query: SelectQueryBuilder<Task>, text: string): void {
  const anywhere = addPattern(query, containing(text, { field: ['text'] }));
  const encoded = literally(JSON.stringify(text).slice(1, -1));
  const inName = addPattern(query, `%"name":"%${encoded}%"}`);
  const found = [isLike('task.type', anywhere), isLike('task.subjectId', anywhere), isLike('task.requester', inName)];
  query.andWhere(`(${found.join(' OR ')})`);
}

const nameMember = (name: string): string => `"name":${JSON.stringify(name)}`;
