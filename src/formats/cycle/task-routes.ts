// Cycle's paths of what is done to images by jobs.
import type { Job } from '../../jobs/job.entity.js';
import { absent } from './cycle-errors.js';
import type { CycleServices } from './cycle-services.js';
import { toWireDescriptor } from './job-codec.js';
import { cycleOperation, operationWithBody } from './operation.js';
import type { CycleOperation } from './operation.js';

type TaskServices = Pick<CycleServices, 'inTransaction' | 'cycleTasks' | 'accounts'>;

export function taskRoutes({ inTransaction, cycleTasks, accounts }: TaskServices): CycleOperation[] {
  const descriptor = async (status: number, job: Job, action: string) => {
    return { status, body: { data: toWireDescriptor(job, await accounts.hubIdOf(job.accountId), action) } };
  };
  return [
    cycleOperation('deleteImage', async ({ principal, path }) =>
      descriptor(200, await inTransaction((tx) => cycleTasks.deleteImage(tx, principal, path.imageId!)), 'delete'),
    ),
    cycleOperation('deleteImageSource', async ({ principal, path }) =>
      descriptor(202, await inTransaction((tx) => cycleTasks.deleteSource(tx, principal, path.sourceId!)), 'delete'),
    ),
    operationWithBody('createImagesJob', 'ImagesTaskRequest', async ({ principal, body }) => {
      const job = await inTransaction((tx) => cycleTasks.prune(tx, principal, body.contents.source_ids));
      return descriptor(202, job, 'prune');
    }),
    operationWithBody('createImageJob', 'ImageTaskRequest', async ({ principal, path }) =>
      descriptor(200, await inTransaction((tx) => cycleTasks.importImage(tx, principal, path.imageId!)), 'import'),
    ),
    cycleOperation('getCompatibleImages', ({ path }) => Promise.reject(absent('404.container', path.containerId!))),
  ];
}
