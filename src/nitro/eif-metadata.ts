// The metadata section of an EIF: compact JSON in AWS's order of keys, all of which its reader demands.
// It is not measured: nobody may trust what stands here.

/** Fixed, so that the same input gives the same file. */
const BUILD_TIME = '1970-01-01T00:00:00+00:00';
const BUILD_TOOL = 'build-catalog';

export interface EifMetadata {
  imageName: string;
  imageVersion: string;
  buildToolVersion: string;
  operatingSystem: string;
  kernelVersion: string;
  /** Only what is the same on every run. */
  dockerInfo?: Record<string, unknown>;
  customMetadata?: unknown;
}

export function eifMetadata(metadata: EifMetadata): Buffer {
  const document = {
    ImageName: metadata.imageName,
    ImageVersion: metadata.imageVersion,
    BuildMetadata: {
      BuildTime: BUILD_TIME,
      BuildTool: BUILD_TOOL,
      BuildToolVersion: metadata.buildToolVersion,
      OperatingSystem: metadata.operatingSystem,
      KernelVersion: metadata.kernelVersion,
    },
    DockerInfo: sortKeys(metadata.dockerInfo ?? null),
    CustomMetadata: metadata.customMetadata ?? null,
  };
  return Buffer.from(JSON.stringify(document), 'utf8');
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
