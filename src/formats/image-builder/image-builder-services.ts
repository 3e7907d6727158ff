import type { BuildQuery } from '../../builds/build.query.js';
import type { OriginGroupQuery } from '../../builds/origin-groups.query.js';
import type { OriginQuery } from '../../builds/origin.query.js';
import type { OriginService } from '../../builds/origin.service.js';
import type { AccessKeyQuery } from '../../credentials/access-key.query.js';
import type { InTransaction } from '../../lib/transaction.js';

/** What this dialect is served from. */
export interface ImageBuilderServices {
  inTransaction: InTransaction;
  origins: OriginService;
  originQuery: OriginQuery;
  originGroups: OriginGroupQuery;
  buildQuery: BuildQuery;
  accessKeyQuery: AccessKeyQuery;
}
