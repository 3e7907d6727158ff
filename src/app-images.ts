// A part of the composition root: images and their sources, as Cycle's paths and mutations change them.
import type { EntityManager } from 'typeorm';
import type { Surroundings } from './app-conversions.js';
import type { BuildService } from './builds/build.service.js';
import type { OriginQuery } from './builds/origin.query.js';
import type { OriginService } from './builds/origin.service.js';
import type { JobChild } from './conversions/job-child.js';
import type { RegistryCredentialService } from './credentials/registry-credential.service.js';
import { CycleImages } from './formats/cycle/cycle-images.js';
import { CycleTasks } from './formats/cycle/cycle-tasks.js';
import { DeleteHandler } from './formats/cycle/delete-handler.js';
import { ImageJobEnds } from './formats/cycle/image-job-ends.js';
import { ImageRemoval } from './formats/cycle/image-removal.js';
import { ImportHandler } from './formats/cycle/import-handler.js';
import { PruneHandler } from './formats/cycle/prune-handler.js';
import { ImageSourceQuery } from './image-sources/image-source.query.js';
import { ImageSourceService } from './image-sources/image-source.service.js';
import type { DeleteBuild } from './jobs/delete-build.js';
import type { JobHandler } from './jobs/job-handler.js';
import type { JobQueue } from './jobs/job-queue.js';
import type { JobService } from './jobs/job.service.js';
import type { Seal } from './lib/seal.js';
import { Upstream } from './lib/upstream.js';
import type { Store } from './oci/store.js';

export interface ImageCatalog {
  reader: EntityManager;
  builds: BuildService;
  origins: OriginService;
  originQuery: OriginQuery;
  deleteBuild: DeleteBuild;
  jobs: JobService;
  logins: RegistryCredentialService;
  seal: Seal;
}

export function createImages({ config, names, inTransaction }: Surroundings, catalog: ImageCatalog) {
  const { reader, builds, origins, originQuery, deleteBuild, jobs, logins, seal } = catalog;
  const sources = new ImageSourceService(seal);
  const images = new CycleImages(origins, sources);
  const upstream = new Upstream(config.upstream);
  return {
    services: { imageSources: sources, imageSourceQuery: new ImageSourceQuery(reader), cycleImages: images },
    handlers: ({ child, store }: { child: JobChild; store: Store }): JobHandler[] => {
      const removal = new ImageRemoval(store, { images, deleteBuild, jobs, inTransaction });
      return [
        new ImportHandler(child, upstream, { images, sources, jobs, logins, names, inTransaction }),
        new DeleteHandler(removal, sources, builds),
        new PruneHandler(removal, { originQuery, builds }),
      ];
    },
    tasks: (queue: JobQueue) => {
      const tasks = new CycleTasks({ images, sources, builds, jobs, originQuery }, queue, names);
      deleteBuild.onDelete(tasks.releaseBuild);
      jobs.onEnd(new ImageJobEnds(images, sources).settle);
      return tasks;
    },
  };
}
