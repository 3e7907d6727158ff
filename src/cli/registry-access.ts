// Registries as the command line reaches them: with the login it was given, else with what docker keeps.
import { Upstream } from '../lib/upstream.js';
import { upstreamOptions } from '../lib/upstream-environment.js';
import type { ImageRepository } from '../oci/image-repository.js';
import type { Reference } from '../oci/reference.js';
import type { RegistryCredentials } from '../oci/registry-auth.js';
import { RegistryClient } from '../oci/registry-client.js';
import type { Environment } from './convert-arguments.js';
import { dockerCredentials } from './docker-credentials.js';
import { UsageError } from './failure.js';

export interface Login extends RegistryCredentials {
  host: string;
}

export class RegistryAccess {
  private readonly upstream: Upstream;
  private readonly client: RegistryClient;

  constructor(
    allow: string[],
    private readonly login: Login | undefined,
    private readonly environment: Environment,
    log: (message: string) => void,
  ) {
    const options = readOptions(environment);
    this.upstream = new Upstream({ ...options, allow });
    this.client = new RegistryClient(this.upstream, { onRetry: log });
  }

  async repository({ host, repository }: Reference): Promise<ImageRepository> {
    const given = this.login?.host === host ? this.login : undefined;
    const credentials = given ?? (await dockerCredentials(host, repository, this.environment));
    return this.client.repository({ host, repository }, credentials);
  }

  async close(): Promise<void> {
    await this.upstream.close();
  }
}

function readOptions(environment: Environment): ReturnType<typeof upstreamOptions> {
  try {
    return upstreamOptions((name) => environment[name]?.trim() ?? '');
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
