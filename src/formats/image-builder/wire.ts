// Image Builder's documents, as far as something here looks at them. What they are in full is in
// schema/openapi/image-builder.yaml; whatever else they have is kept and answered as it came.

/** Members of documents may have any type, as nobody checks what vendors send. */
export type WireObject = Record<string, unknown>;

/** What GetImage answers, or its image alone. */
export interface WireGetImage extends WireObject {
  requestId?: unknown;
  image: WireObject;
  latestVersionReferences?: unknown;
}

export type FilterName = 'name' | 'osVersion' | 'platform' | 'type' | 'version';

export interface WireFilter {
  name: FilterName;
  values: string[];
}

export interface WirePage {
  maxResults?: number;
  nextToken?: string;
}

export interface WireListImages extends WirePage {
  owner?: 'Self' | 'Shared' | 'Amazon' | 'ThirdParty' | 'AWSMarketplace';
  filters?: WireFilter[];
  byName?: boolean;
  includeDeprecated?: boolean;
}

export interface WireListImageBuildVersions extends WirePage {
  imageVersionArn?: string;
  filters?: WireFilter[];
}

export interface WireCancelImageCreation {
  imageBuildVersionArn: string;
  clientToken?: string;
}

export interface WireTagResource {
  tags: Record<string, string>;
}

/** What bodies are, by the names of their schemas. */
export interface WireBodies {
  ListImagesRequest: WireListImages | undefined;
  ListImageBuildVersionsRequest: WireListImageBuildVersions | undefined;
  CancelImageCreationRequest: WireCancelImageCreation;
  TagResourceRequest: WireTagResource;
}

/** The text, where it is one and not empty. */
export const textIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

export const listIn = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
