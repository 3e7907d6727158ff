// What Cycle's routes and mutations need of the gateway.
import type { AccountService } from '../../auth/account.service.js';
import type { Tokens } from '../../auth/tokens.js';
import type { OriginQuery } from '../../builds/origin.query.js';
import type { DeploymentQuery } from '../../deployments/deployment.query.js';
import type { JobEvents } from '../../events/job-events.js';
import type { ImageSourceQuery } from '../../image-sources/image-source.query.js';
import type { ImageSourceService } from '../../image-sources/image-source.service.js';
import type { JobQuery } from '../../jobs/job.query.js';
import type { InTransaction } from '../../lib/transaction.js';
import type { CycleImages } from './cycle-images.js';
import type { CycleTasks } from './cycle-tasks.js';

export interface CycleServices {
  inTransaction: InTransaction;
  tokens: Pick<Tokens, 'authenticate'>;
  accounts: Pick<AccountService, 'hubIdOf'>;
  originQuery: OriginQuery;
  imageSources: ImageSourceService;
  imageSourceQuery: ImageSourceQuery;
  cycleImages: CycleImages;
  cycleTasks: CycleTasks;
  jobQuery: JobQuery;
  jobEvents: JobEvents;
  deploymentQuery: Pick<DeploymentQuery, 'countStates'>;
}
