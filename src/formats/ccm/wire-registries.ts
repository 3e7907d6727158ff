// CCM's JSON of stored logins for docker registries. Passwords come in and never go out.

export interface WireRegistry {
  url: string;
  registry_id: string;
  description?: string;
  username: string;
}

export interface WireCredential {
  default: { username: string; password?: string };
}

export interface WireRegistryRequest {
  url: string;
  credential: WireCredential;
  description?: string;
}
