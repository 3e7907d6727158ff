// How decisions add up: pure rules from a task and one more decision to the changed task.
import type { Actor } from '../events/catalog-log.entity.js';
import { badInput, CatalogError, invalidState } from '../lib/errors.js';
import { ApprovalStatus, TaskStatus } from './task.entity.js';
import type { Approval, Task } from './task.entity.js';

const MAX_REASON_LENGTH = 4_096;

export interface Decision {
  status: ApprovalStatus;
  /** Why it was denied. */
  reason?: string | null;
}

export interface DecisionRules {
  /** Whether whoever asked is kept from approving. */
  fourEyes: boolean;
  /** How many must approve; one denial is enough. */
  quorum: number;
}

/** The person behind an actor: a token acts in the name of who made it. Null for the gateway itself. */
const ownerOf = ({ ownerId, id }: Actor): string | null => ownerId ?? id;

const isSameOwner = (a: Actor, b: Actor): boolean => ownerOf(a) !== null && ownerOf(a) === ownerOf(b);

/** Throws BAD_USER_INPUT, CONFLICT and FORBIDDEN. */
export function decided(task: Task, decision: Decision, rules: DecisionRules, actor: Actor): Task {
  const { status, reason } = decision;
  if ((reason?.length ?? 0) > MAX_REASON_LENGTH)
    throw badInput(`\`reason\` must have at most ${MAX_REASON_LENGTH} characters.`, 'reason');
  if (task.status !== TaskStatus.INPROGRESS)
    throw invalidState(`The task is not in progress: it ended as ${task.status}.`, 'taskId');
  const isApproved = status === ApprovalStatus.APPROVED;
  if (isApproved && rules.fourEyes && isSameOwner(actor, task.requester)) {
    const message = 'Whoever asked for an approval may not give it, nor by a token of their own: ask another manager.';
    throw new CatalogError('FORBIDDEN', message);
  }
  const now = new Date();
  if (task.approvals.some(({ user }) => isSameOwner(user, actor))) {
    // Fewer may be needed than when they approved: then saying so again ends it.
    if (isApproved && task.approvals.length >= rules.quorum)
      return { ...task, status: TaskStatus.SUCCESS, updatedAt: now };
    throw invalidState('You have decided on this task already.', 'taskId');
  }
  const approval: Approval = { user: actor, status, at: now.toISOString(), reason: isApproved ? null : reason || null };
  const approvals = [...task.approvals, approval];
  if (!isApproved) return { ...task, approvals, status: TaskStatus.DENIED, updatedAt: now };
  if (approvals.length < rules.quorum) return { ...task, approvals };
  return { ...task, approvals, status: TaskStatus.SUCCESS, updatedAt: now };
}
