// Where the bytes of images come from, in Cycle's words, which are the only ones there are for it. Which details there
// are depends on the type.

export const ORIGIN_TYPES = [
  ...['docker-hub', 'docker-registry', 'oci-registry', 'docker-file', 'cycle-upload', 'cycle-source', 'none'],
] as const;

export interface ImageOrigin {
  type: string;
  details?: ImageOriginDetails;
}

export interface ImageOriginDetails {
  target?: string;
  url?: string;
  username?: string;
  token?: string;
  password?: string;
  existing?: { source_id?: string } | null;
  auth?: RegistryAuthOrigin | null;
  repo?: { url: string; auth?: { type?: string; credentials?: Record<string, string> } | null } | null;
  targz_url?: string | null;
  context_dir?: string | null;
  build_file?: string | null;
  credentials?: { url?: string; username?: string; token?: string }[] | null;
  expires?: string;
  source_id?: string;
}

export interface RegistryAuthOrigin {
  type: string;
  details?: {
    username?: string;
    token?: string;
    flavor?: string;
    credentials?: Record<string, string>;
    url?: string;
  };
}
