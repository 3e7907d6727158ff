// What CCM's routes need of the gateway.
import type { AppService } from '../../apps/app.service.js';
import type { AccountService } from '../../auth/account.service.js';
import type { ExternalUsers } from '../../auth/external-users.js';
import type { MemberQuery } from '../../auth/member.query.js';
import type { SessionService } from '../../auth/session.service.js';
import type { SignIns } from '../../auth/sign-ins.js';
import type { Tokens } from '../../auth/tokens.js';
import type { UserService } from '../../auth/user.service.js';
import type { Approvals } from '../../builds/approvals.js';
import type { BuildQuery } from '../../builds/build.query.js';
import type { BuildService } from '../../builds/build.service.js';
import type { DeleteApp } from '../../builds/delete-app.js';
import type { ConversionService } from '../../conversions/conversion.service.js';
import type { RegistryCredentialService } from '../../credentials/registry-credential.service.js';
import type { DeploymentQuery } from '../../deployments/deployment.query.js';
import type { DeploymentService } from '../../deployments/deployment.service.js';
import type { NodeQuery } from '../../deployments/node.query.js';
import type { JobEvents } from '../../events/job-events.js';
import type { DeleteBuild } from '../../jobs/delete-build.js';
import type { JobQuery } from '../../jobs/job.query.js';
import type { InTransaction } from '../../lib/transaction.js';
import type { TaskService } from '../../tasks/task.service.js';

export interface CcmServices {
  inTransaction: InTransaction;
  builds: Pick<BuildService, 'create' | 'update'>;
  buildQuery: Pick<BuildQuery, 'byIds' | 'listByOffset'>;
  deleteBuild: DeleteBuild;
  apps: Pick<AppService, 'byIds' | 'create' | 'labelCounts' | 'listByOffset' | 'lock' | 'update'>;
  deleteApp: DeleteApp;
  tasks: Pick<TaskService, 'byIds' | 'delete' | 'listByOffset'>;
  approvals: Approvals;
  conversions: Pick<ConversionService, 'start'>;
  jobQuery: Pick<JobQuery, 'get'>;
  jobEvents: Pick<JobEvents, 'watch'>;
  deployments: DeploymentService;
  deploymentQuery: DeploymentQuery;
  nodes: NodeQuery;
  logins: RegistryCredentialService;
  sessions: SessionService;
  tokens: Pick<Tokens, 'authenticate'>;
  signIns: SignIns;
  users: UserService;
  members: MemberQuery;
  accounts: AccountService;
  /** Undefined where no issuer is configured. */
  externalUsers: ExternalUsers | undefined;
  /** Whether anyone may make a user. */
  isSignUpOpen: boolean;
  /** Whether browsers reach the gateway by https only. */
  isPublicUrlSecure: boolean;
  /** Of this program. */
  version: string;
  /** Aborted as soon as the gateway begins to stop, so that nobody goes on waiting for a conversion. */
  stopping: AbortSignal;
}
