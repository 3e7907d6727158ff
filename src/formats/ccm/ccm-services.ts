// What CCM's routes need of the gateway.
import type { BuildQuery } from '../../builds/build.query.js';
import type { BuildService } from '../../builds/build.service.js';
import type { ConversionService } from '../../conversions/conversion.service.js';
import type { JobEvents } from '../../events/job-events.js';
import type { JobQuery } from '../../jobs/job.query.js';
import type { InTransaction } from '../../lib/transaction.js';

export interface CcmServices {
  inTransaction: InTransaction;
  builds: Pick<BuildService, 'create'>;
  buildQuery: Pick<BuildQuery, 'byIds'>;
  conversions: Pick<ConversionService, 'start'>;
  jobQuery: Pick<JobQuery, 'get'>;
  jobEvents: Pick<JobEvents, 'watch'>;
  /** Aborted as soon as the gateway begins to stop, so that nobody goes on waiting for a conversion. */
  stopping: AbortSignal;
}
