// What a conversion is given beside the request, and whom it tells what happens: no job, database or process in sight.
import type { Warning } from '../builds/build-parts.js';
import type { JobProgress } from '../jobs/job-handler.js';
import type { BootBlob } from '../jobs/job.entity.js';
import type { ImageRepository } from '../oci/image-repository.js';
import type { LayerCache } from '../oci/layer-cache.js';

export interface ConversionPlace {
  input: ImageRepository;
  blobsDir: string;
  /** An empty folder. */
  spoolDir: string;
  /** Where the output layer grows; the output repository may take it from there. */
  layerFile: string;
  toolVersion: string;
  /** Layers of before; without it all are pulled. */
  cache?: LayerCache;
}

export interface ConversionReports {
  progress(progress: JobProgress): void;
  warn(warning: Warning): void;
  /** One line for people, without secrets. */
  log: (message: string) => void;
  bootBlobs(blobs: BootBlob[]): void;
}
