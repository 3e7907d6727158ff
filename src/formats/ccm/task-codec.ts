// Approvals on CCM's wire.
import type { App } from '../../apps/app.entity.js';
import { withoutNulls } from '../../lib/json.js';
import type { Approval, Task } from '../../tasks/task.entity.js';
import { TaskType } from '../../tasks/task.entity.js';
import { toSeconds } from './times.js';
import type { WireTask, WireTaskResult, WireTaskStatus } from './wire-tasks.js';

/** @param app whose domains it is about */
export function toWireTask(task: Task, app?: App): WireTask {
  const { requester, subjectId, type } = task;
  const isPending = app?.pendingTaskId === task.id;
  return withoutNulls({
    task_id: task.id,
    requester_info: {
      // A token stands for who made it.
      user_id: requester.ownerId ?? requester.id ?? undefined,
      user_name: requester.name,
      requester_type: requester.type === 'SYSTEM' ? ('SYSTEM' as const) : ('USER' as const),
    },
    entity_id: subjectId,
    task_type: type,
    status: toWireStatus(task),
    description: type === TaskType.BUILD_WHITELIST ? `Trust the build ${subjectId}` : `Domains of the app ${subjectId}`,
    approvals: task.approvals.map(toWireApproval),
    ...(type === TaskType.DOMAIN_WHITELIST && {
      domains_added: isPending ? app.domainsAdded : [],
      domains_removed: isPending ? app.domainsRemoved : [],
    }),
  });
}

export const toWireTaskResult = (task: Task): WireTaskResult => ({
  task_id: task.id,
  task_type: task.type,
  task_status: toWireStatus(task),
  ...(task.type === TaskType.BUILD_WHITELIST && { build_id: task.subjectId }),
});

const toWireStatus = ({ createdAt, updatedAt, status }: Task): WireTaskStatus => ({
  created_at: toSeconds(createdAt),
  status_updated_at: toSeconds(updatedAt),
  status,
});

const toWireApproval = ({ user, status, reason }: Approval): WireTask['approvals'][number] => ({
  user_id: user.ownerId ?? user.id!,
  user_name: user.name,
  status,
  denial_reason: reason ?? undefined,
});
