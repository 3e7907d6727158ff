import { RegistryAuth } from '../../src/oci/registry-auth.js';
import { RetryingUpstream } from '../../src/oci/retrying-upstream.js';
import { Upstream } from '../../src/lib/upstream.js';
import { startHttpFake } from '../support/http-fake.js';
import type { HttpFake } from '../support/http-fake.js';

describe('credentials for a registry', () => {
  let realm: HttpFake;
  let upstream: Upstream;

  beforeAll(async () => {
    realm = await startHttpFake((_request, response) => response.end(JSON.stringify({ token: 'given' })));
    upstream = new Upstream({ allow: [realm.host, 'localhost:5000'] });
  });
  afterAll(() => Promise.all([realm.close(), upstream.close()]));

  const answer = (registry: string) => {
    const auth = new RegistryAuth(new RetryingUpstream(upstream), 'acme/hello', async () => ({
      username: 'u',
      password: 'p',
    }));
    const challenge = { scheme: 'bearer', parameters: { realm: `${realm.url}/token` } };
    const { signal } = new AbortController();
    return auth
      .answer([challenge], { action: 'pull' }, new URL(registry), signal)
      .then(() => auth.header({ action: 'pull' }));
  };

  it('do not go to a token service without TLS where the registry itself has it', async () => {
    await expect(answer('https://registry.example')).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(realm.requests).toEqual([]);
  });

  it('go to one where the registry has none either', async () => {
    expect(await answer('http://localhost:5000')).toBe('Bearer given');
  });
});
