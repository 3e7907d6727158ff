import { scopeOf, scopesAround } from '../../src/credentials/registry-scope.js';
import { parseReference } from '../../src/oci/reference.js';

const scope = (url: string) => scopeOf(url, parseReference);

describe('the scope of a stored login', () => {
  it.each([
    ['registry.example.com', 'registry.example.com'],
    ['Registry.Example.com', 'registry.example.com'],
    ['registry.example.com:5000', 'registry.example.com:5000'],
    ['localhost', 'localhost'],
    ['localhost:5000/acme', 'localhost:5000/acme'],
    ['[::1]:5000', '[::1]:5000'],
    ['quay.io/org', 'quay.io/org'],
    ['quay.io/org/team/', 'quay.io/org/team'],
    ['https://registry.example.com', 'registry.example.com'],
    ['https://registry.example.com/', 'registry.example.com'],
    ['https://registry.example.com/v2/', 'registry.example.com'],
    ['https://registry.example.com/v2/acme', 'registry.example.com/acme'],
    ['https://registry.example.com:443/v2', 'registry.example.com'],
    ['http://registry.example.com:80/v2', 'registry.example.com'],
    ['http://registry.example.com:443', 'registry.example.com:443'],
    ['registry.example.com/v1', 'registry.example.com'],
    ['registry.example.com/v2/acme', 'registry.example.com/v2/acme'],
    ['docker.io', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['registry-1.docker.io', 'docker.io'],
    ['hub.docker.com', 'docker.io'],
    ['https://hub.docker.com/', 'docker.io'],
    ['docker.io/acme', 'docker.io/acme'],
    ['docker.io/library/nginx', 'docker.io/library/nginx'],
    ['  quay.io  ', 'quay.io'],
  ])('of %j is %j', (url, expected) => {
    expect(scope(url)).toBe(expected);
  });

  it.each([
    '',
    ' ',
    'acme',
    'acme/hello',
    'ftp://registry.example.com',
    'https://',
    'https:///acme',
    'https://user:hunter2@registry.example.com',
    'user:hunter2@registry.example.com',
    'https://registry.example.com/?token=hunter2',
    'registry.example.com#hunter2',
    'registry.example.com/acme:hunter2',
    'registry.example.com/acme@sha256:hunter2',
    'registry.example.com//acme',
    'registry.example.com/../hunter2',
    'registry.example.com\n/hunter2',
    'registry.example.com:99999',
    'registry.example.com:hunter2',
    `registry.example.com/${'a'.repeat(250)}`,
    `registry.example.com/${'a/'.repeat(300)}`,
  ])('refuses %j without repeating it', (url) => {
    expect(() => scope(url)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', field: ['url'] }));
    expect(() => scope(url)).not.toThrow(/hunter2/);
  });

  it('covers a repository as a whole, by its host and by what its name begins with, the longest first', () => {
    expect(scopesAround('quay.io', 'acme/team/hello')).toEqual([
      'quay.io/acme/team/hello',
      'quay.io/acme/team',
      'quay.io/acme',
      'quay.io',
    ]);
  });
});
