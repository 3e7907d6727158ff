import { formatReference, hostOf, parseReference, registryHost } from '../../src/oci/reference.js';

const HEX = 'a'.repeat(64);

describe('parseReference', () => {
  it.each([
    ['busybox', { host: 'docker.io', repository: 'library/busybox', tag: 'latest' }],
    ['docker.io/busybox:1', { host: 'docker.io', repository: 'library/busybox', tag: '1' }],
    ['index.docker.io/me/app', { host: 'docker.io', repository: 'me/app', tag: 'latest' }],
    ['me/app:v1.0-rc_1', { host: 'docker.io', repository: 'me/app', tag: 'v1.0-rc_1' }],
    ['localhost/app', { host: 'localhost', repository: 'app', tag: 'latest' }],
    ['localhost:5000/a/b/c:x', { host: 'localhost:5000', repository: 'a/b/c', tag: 'x' }],
    ['GHCR.io/me/app', { host: 'ghcr.io', repository: 'me/app', tag: 'latest' }],
    ['[::1]:5000/app', { host: '[::1]:5000', repository: 'app', tag: 'latest' }],
    ['r.io/a__b/c--d.e', { host: 'r.io', repository: 'a__b/c--d.e', tag: 'latest' }],
    [`r.io/app@sha256:${HEX}`, { host: 'r.io', repository: 'app', digest: `sha256:${HEX}` }],
    [`r.io/app:1@sha256:${HEX}`, { host: 'r.io', repository: 'app', tag: '1', digest: `sha256:${HEX}` }],
  ])('reads %s', (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
    expect(parseReference(formatReference(parseReference(text)))).toEqual(reference);
  });

  it.each([
    '',
    ' busybox',
    'busybox\n',
    'Busybox',
    'r.io/',
    '/app',
    'r.io//app',
    'r.io/app/',
    'r.io/../app',
    'r.io/app?x=1',
    'r.io/app#x',
    'r.io/a%2fb',
    'r.io/-app',
    'r.io/a___b',
    'app:',
    'app:.tag',
    `app:${'t'.repeat(129)}`,
    'app@sha256:abc',
    `app@sha512:${HEX}${HEX}`,
    `app@sha256:${HEX.toUpperCase()}`,
    'user:pass@r.io/app',
    'https://r.io/app',
    'r.io:99999/app',
    'r.io:0/app',
    '-r.io/app',
    '[zz]:1/app',
    `r.io/${'a'.repeat(256)}`,
    `r.io/${'a/'.repeat(2000)}a`,
  ])('refuses %j', (text) => {
    expect(() => parseReference(text, 'inputImage', 'name')).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: ['inputImage', 'name'] }),
    );
  });

  it('takes the first part for a host only where it looks like one', () => {
    expect(['a.b/c', 'a:1/c', 'localhost/c', 'a/c', 'c:1'].map(hostOf)).toEqual([
      'a.b',
      'a:1',
      'localhost',
      undefined,
      undefined,
    ]);
  });

  it('knows where Docker Hub is served', () => {
    expect(registryHost(parseReference('busybox').host)).toBe('registry-1.docker.io');
    expect(registryHost('ghcr.io')).toBe('ghcr.io');
  });
});
