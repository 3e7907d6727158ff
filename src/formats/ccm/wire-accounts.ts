// CCM's JSON of accounts, users and sessions. Times are seconds since 1970.

export type WireRole = 'READER' | 'WRITER' | 'MANAGER';
export type WireUserStatus = 'ACTIVE' | 'PENDING' | 'DISABLED';
export type WireAccountComponent = 'DEFAULT' | 'CONFIDENTIAL_AI';

export interface WireNodeEnrollment {
  attestation_enforcement_disabled_insecure: boolean;
}

export interface WireAccount {
  name: string;
  acct_id: string;
  created_at: number;
  roles: WireRole[];
  custom_logo?: string;
  status: WireUserStatus;
  node_enrollment: WireNodeEnrollment;
  totals?: { datasets: number; final_workflows: number; nodes: number };
  component: WireAccountComponent;
  default_group_id: string;
  marketplace_group_id?: string;
  account_status: 'Active';
  azure_cvm_pcr_priority?: number[];
}

export interface WireAccountRequest {
  name: string;
  custom_logo?: string;
  node_enrollment?: WireNodeEnrollment;
  component?: WireAccountComponent;
}

export interface WireAccountUpdate {
  name?: string;
  custom_logo?: string;
  default_group_id?: string;
  marketplace_group_id?: string;
  account_status?: 'Active' | 'Deactivated';
  enabled?: boolean;
  azure_cvm_pcr_priority?: number[];
}

export interface WireUser {
  user_id: string;
  first_name?: string;
  last_name?: string;
  user_email: string;
  last_logged_in_at?: number;
  created_at: number;
  /** Nobody checks addresses here. */
  email_verified: boolean;
  status: WireUserStatus;
  /** Left out where no account is selected. */
  roles?: WireRole[];
  user_account_status?: WireUserStatus;
  accepted_latest_terms_and_conditions: boolean;
}

/** Our own: the password for the first sign-in, shown once. */
export interface WireInvitedUser extends WireUser {
  invitation?: string;
}

export interface WireSignup {
  user_email: string;
  user_password: string;
  first_name?: string;
  last_name?: string;
}

export interface WireInvite {
  user_email: string;
  roles: WireRole[];
  first_name?: string;
  last_name?: string;
}

export interface WireUserUpdate {
  first_name?: string;
  last_name?: string;
  roles?: WireRole[];
  user_account_status?: WireUserStatus;
  user_email?: string;
}

export interface WireAuthRequest {
  oauth_auth_code?: { idp_id: string; code: string; email?: string };
}

export interface WireSessionInfo {
  subject_id: string;
  session_expires_at: number;
  session_token_expires_at: number;
  selected_account_id?: string;
}

export interface WireOauthGrant {
  name: string;
  icon_url: string;
  authorization_url: string;
  client_id: string;
  redirect_uri: string;
  state: string;
  idp_id: string;
}
