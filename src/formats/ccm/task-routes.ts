// CCM's paths of approvals.
import type { App } from '../../apps/app.entity.js';
import type { ApprovalStatus, Task } from '../../tasks/task.entity.js';
import { TaskType } from '../../tasks/task.entity.js';
import { notFound } from '../../lib/errors.js';
import type { CcmServices } from './ccm-services.js';
import { NEWEST_FIRST, sliceOf, toWireList } from './lists.js';
import type { WireSlice } from './lists.js';
import { operation, operationWithBody } from './operation.js';
import type { CcmOperation } from './operation.js';
import { restrictionsOf } from './task-filter.js';
import type { WireTaskFilter } from './task-filter.js';
import { toWireTask, toWireTaskResult } from './task-codec.js';

type TaskServices = Pick<CcmServices, 'inTransaction' | 'tasks' | 'apps' | 'approvals'>;

const SORT_KEYS = { created_at: 'createdAt', updated_at: 'updatedAt', task_type: 'type', status: 'status' } as const;

export function taskRoutes({ inTransaction, tasks, apps, approvals }: TaskServices): CcmOperation[] {
  /** The apps whose domains these tasks are about. */
  const subjectsOf = async (accountId: string, list: Task[]): Promise<Map<string, App>> => {
    const ids = list.filter(({ type }) => type === TaskType.DOMAIN_WHITELIST).map(({ subjectId }) => subjectId);
    const found = ids.length > 0 ? await apps.byIds(accountId, ids) : [];
    return new Map(found.map((app) => [app.id, app]));
  };
  const find = async (accountId: string, id: string): Promise<Task> => {
    const [task] = await tasks.byIds(accountId, [id]);
    if (!task) throw notFound('task', id);
    return task;
  };
  return [
    operation<WireSlice & WireTaskFilter>('getAllTasks', async ({ principal: { accountId }, query }) => {
      const slice = sliceOf(query, SORT_KEYS, NEWEST_FIRST);
      const page = await tasks.listByOffset(accountId, { ...slice, ...restrictionsOf(query) });
      const subjects = await subjectsOf(accountId, page.items);
      return { status: 200, body: toWireList(page, slice, (task) => toWireTask(task, subjects.get(task.subjectId))) };
    }),
    operation('getTask', async ({ principal: { accountId }, path }) => {
      const task = await find(accountId, path.taskId!);
      const subjects = await subjectsOf(accountId, [task]);
      return { status: 200, body: toWireTask(task, subjects.get(task.subjectId)) };
    }),
    operationWithBody('UpdateTask', 'TaskUpdateRequest', async ({ principal, path, body }) => {
      const decision = { status: body.status as ApprovalStatus, reason: body.denial_reason };
      const task = await inTransaction((tx) => approvals.decide(tx, principal, path.taskId!, decision));
      return { status: 200, body: toWireTaskResult(task) };
    }),
    operation('deleteTask', async ({ principal, path }) => {
      await inTransaction((tx) => tasks.delete(tx, principal, path.taskId!));
      return { status: 204 };
    }),
    operation('getTaskStatus', async ({ principal, path }) => ({
      status: 200,
      body: toWireTaskResult(await find(principal.accountId, path.taskId!)),
    })),
  ];
}
