// CCM's JSON of approvals.

export type WireTaskType = 'BUILD_WHITELIST' | 'DOMAIN_WHITELIST';
export type WireTaskStatusType = 'INPROGRESS' | 'FAILED' | 'SUCCESS' | 'DENIED';
export type WireApprovalStatus = 'APPROVED' | 'DENIED';

export interface WireTaskStatus {
  created_at: number;
  status_updated_at: number;
  status: WireTaskStatusType;
}

export interface WireTask {
  task_id: string;
  requester_info: { user_id?: string; user_name: string; requester_type: 'USER' | 'SYSTEM' };
  entity_id: string;
  task_type: WireTaskType;
  status: WireTaskStatus;
  description: string;
  approvals: { user_id: string; user_name: string; status: WireApprovalStatus; denial_reason?: string }[];
  /** Both of DOMAIN_WHITELIST only. */
  domains_added?: string[];
  domains_removed?: string[];
}

export interface WireTaskResult {
  task_id: string;
  task_type: WireTaskType;
  task_status: WireTaskStatus;
  build_id?: string;
}

export interface WireTaskUpdate {
  status: WireApprovalStatus;
  denial_reason?: string;
}
