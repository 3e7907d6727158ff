// What clients send, by the names of its schemas in schema/openapi/cycle.yaml.
import type { ImageOrigin, WireImageBuild } from './wire.js';

type Builder = { integration_id?: string | null } | null;
type About = { description: string | null } | null;

export interface CreateImageBody {
  name?: string;
  source_id: string;
  build?: WireImageBuild | null;
  override?: { target?: string | null; targz_url?: string | null } | null;
}

export interface CreateSourceBody {
  name?: string;
  identifier?: string;
  type: string;
  origin: ImageOrigin;
  acl?: object | null;
  builder?: Builder;
  about?: About;
}

export interface UpdateSourceBody {
  name?: string;
  identifier?: string | null;
  origin?: ImageOrigin;
  builder?: Builder;
  about?: About;
}

export interface WireBodies {
  CreateImageRequest: CreateImageBody;
  UpdateImageRequest: { name?: string };
  ImagesTaskRequest: { action: 'prune'; contents: { source_ids: string[] } };
  ImageTaskRequest: { action: 'import' };
  CreateImageSourceRequest: CreateSourceBody;
  UpdateImageSourceRequest: UpdateSourceBody;
  UpdateImageSourceAccessRequest: { acl?: object | null };
}
