// Accounts, users and sessions between CCM's wire and ours.
import type { AccountSettings } from '../../auth/account.entity.js';
import type { AccountChanges, OpenAccount } from '../../auth/account.service.js';
import type { SessionInfo } from '../../auth/session.service.js';
import type { Member } from '../../auth/user.service.js';
import { withoutNulls } from '../../lib/json.js';
import { toSeconds } from './times.js';
import type { WireAccount, WireAccountRequest, WireAccountUpdate, WireSessionInfo, WireUser } from './wire-accounts.js';

/** @param nodes how many nodes reported to it, where that was asked for */
export function toWireAccount({ account, role, status }: OpenAccount, nodes?: number): WireAccount {
  const { customLogo, component, defaultGroupId, marketplaceGroupId, azureCvmPcrPriority, nodeEnrollment } =
    account.settings ?? {};
  return withoutNulls({
    name: account.name,
    acct_id: account.id,
    created_at: toSeconds(account.createdAt),
    roles: [role],
    custom_logo: customLogo,
    status,
    node_enrollment: {
      attestation_enforcement_disabled_insecure: nodeEnrollment?.isAttestationEnforcementDisabled ?? false,
    },
    totals: nodes === undefined ? undefined : { datasets: 0, final_workflows: 0, nodes },
    component: component ?? ('DEFAULT' as const),
    // The group that everything belongs to which names none: it has the id of the account.
    default_group_id: defaultGroupId ?? account.id,
    marketplace_group_id: marketplaceGroupId,
    account_status: 'Active' as const,
    azure_cvm_pcr_priority: azureCvmPcrPriority,
  });
}

export const fromWireAccountRequest = (wire: WireAccountRequest): { name: string; settings: AccountSettings } => ({
  name: wire.name,
  settings: withoutNulls({
    customLogo: wire.custom_logo,
    component: wire.component,
    nodeEnrollment: wire.node_enrollment && {
      isAttestationEnforcementDisabled: wire.node_enrollment.attestation_enforcement_disabled_insecure,
    },
  }),
});

export const fromWireAccountUpdate = (wire: WireAccountUpdate): AccountChanges =>
  withoutNulls({
    name: wire.name,
    settings: {
      customLogo: wire.custom_logo,
      defaultGroupId: wire.default_group_id,
      marketplaceGroupId: wire.marketplace_group_id,
      azureCvmPcrPriority: wire.azure_cvm_pcr_priority,
    },
  });

export function toWireUser({ user, role, accountStatus }: Member): WireUser {
  return withoutNulls({
    user_id: user.id,
    first_name: user.firstName ?? undefined,
    last_name: user.lastName ?? undefined,
    user_email: user.email,
    last_logged_in_at: user.lastSignInAt ? toSeconds(user.lastSignInAt) : undefined,
    created_at: toSeconds(user.createdAt),
    email_verified: false,
    status: user.status,
    roles: role === null ? undefined : [role],
    user_account_status: accountStatus ?? undefined,
    accepted_latest_terms_and_conditions: true,
  });
}

export const toWireSession = ({ userId, expiresAt, tokenExpiresAt, accountId }: SessionInfo): WireSessionInfo =>
  withoutNulls({
    subject_id: userId,
    session_expires_at: toSeconds(expiresAt),
    session_token_expires_at: toSeconds(tokenExpiresAt),
    selected_account_id: accountId ?? undefined,
  });
