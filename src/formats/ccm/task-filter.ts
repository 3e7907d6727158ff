// Which tasks to list: CCM's filters have words of their own (PENDING and CLOSED are no statuses of a task).
import type { TaskListing } from '../../tasks/task.service.js';
import { TaskType } from '../../tasks/task.entity.js';
import { CcmError } from './ccm-errors.js';

export interface WireTaskFilter {
  task_type?: string;
  status?: string;
  requester?: string;
  approver?: string;
  all_search?: string;
  /** `task_type:BUILD_WHITELIST,status:PENDING` */
  base_filters?: string;
}

const VALUES = new Map([
  ['task_type', ['NODE_ATTESTATION', 'CERTIFICATE_ISSUANCE', 'BUILD_WHITELIST', 'DOMAIN_WHITELIST']],
  ['status', ['PENDING', 'CLOSED']],
]);

/** Throws BAD_USER_INPUT. */
export function restrictionsOf(query: WireTaskFilter): Omit<TaskListing, 'sort' | 'limit' | 'offset'> {
  const { requester, approver, all_search: text } = query;
  // What base_filters leave is counted as if there were no other tasks.
  return { ...kindOf(query), requester, approver, text, base: kindOf(baseFilters(query.base_filters ?? '')) };
}

/** Of the types that only CCM itself has, there are none. */
const kindOf = ({ task_type, status }: Pick<WireTaskFilter, 'task_type' | 'status'>) => ({
  ...(task_type !== undefined && { types: Object.values(TaskType).filter((type) => type === (task_type as TaskType)) }),
  ...(status !== undefined && { isOpen: status === 'PENDING' }),
});

function baseFilters(text: string): { task_type?: string; status?: string } {
  const pairs = text.split(',').flatMap((part): [string, string][] => {
    if (part.trim() === '') return [];
    const [key = '', value = ''] = part.trim().split(':');
    if (VALUES.get(key)?.includes(value)) return [[key, value]];
    const message = 'base_filters must be pairs like task_type:BUILD_WHITELIST or status:PENDING, separated by commas.';
    throw new CcmError('BAD_USER_INPUT', 'INVALID_QUERY_PARAMETER', message);
  });
  return Object.fromEntries(pairs);
}
