import { checkIdentifier, identifierOf } from '../../src/image-sources/identifier.js';
import type { ImageOrigin } from '../../src/image-sources/image-origin.js';
import { importTarget, loginOf, webhookOf } from '../../src/image-sources/import-target.js';
import { checkOrigin } from '../../src/image-sources/origin-check.js';
import { withoutSecrets } from '../../src/image-sources/origin-secrets.js';
import { OwnNames } from '../../src/lib/own-names.js';

const names = new OwnNames('localhost:4000');
const hub = (target: string): ImageOrigin => ({ type: 'docker-hub', details: { target } });
const registry = (url: string, target = 'acme/hello:1'): ImageOrigin => ({
  ...{ type: 'oci-registry', details: { url, target } },
});

describe('the image of an origin', () => {
  const FOUND: [ImageOrigin, string | undefined, object][] = [
    [hub('mysql:5.7'), undefined, { host: 'docker.io', repository: 'library/mysql', tagOrDigest: '5.7' }],
    [hub('mysql:5.7'), 'mysql:8', { host: 'docker.io', repository: 'library/mysql', tagOrDigest: '8' }],
    [hub('docker.io/acme/x'), undefined, { host: 'docker.io', repository: 'acme/x', tagOrDigest: 'latest' }],
    [registry('https://quay.io/v2/'), undefined, { host: 'quay.io', repository: 'acme/hello', tagOrDigest: '1' }],
    [registry('quay.io/team'), undefined, { host: 'quay.io', repository: 'team/acme/hello', tagOrDigest: '1' }],
    [registry('quay.io', 'quay.io/a/b:2'), undefined, { host: 'quay.io', repository: 'a/b', tagOrDigest: '2' }],
    [registry('http://localhost:4000'), undefined, { repository: 'acme/hello', tagOrDigest: '1' }],
  ];
  it.each(FOUND)('%j with the override %j is %j', (origin, override, target) => {
    expect(importTarget(origin, override, names)).toEqual(target);
  });

  const REFUSED: [ImageOrigin, string | undefined, RegExp][] = [
    [hub('mysql'), 'evil.example.com/mysql', /not on Docker Hub/],
    [registry('https://registry'), undefined, /names no registry/],
    [registry('https://quay.io'), 'UPPER', /no valid repository name/],
    [registry('::'), undefined, /no URL/],
    [{ type: 'docker-file', details: {} }, undefined, /not supported/],
    [{ type: 'none' }, undefined, /not supported/],
  ];
  it.each(REFUSED)('%j with the override %j is refused', (origin, override, message) => {
    expect(() => importTarget(origin, override, names)).toThrow(message);
  });

  it('never is in another registry than its source, which has the credentials', () => {
    expect(importTarget(registry('https://quay.io'), 'evil.example.com/x/y:1', names)).toMatchObject({
      ...{ host: 'quay.io', repository: 'evil.example.com/x/y' },
    });
  });
});

describe('the secrets of an origin', () => {
  const credentials = { username: 'git', passphrase: 'pass-phrase', private_key: 'PEM' };
  const origin: ImageOrigin = {
    type: 'docker-file',
    details: {
      repo: { url: 'git@example.com:x', auth: { type: 'ssh', credentials } },
      credentials: [{ url: 'quay.io', username: 'joe', token: 'of-quay' }],
    },
  };

  it('are taken out wherever they stand, and are empty where an answer must have them', () => {
    const { origin: shown, secrets } = withoutSecrets(origin);
    expect(secrets).toEqual({
      'details.repo.auth.credentials.passphrase': 'pass-phrase',
      'details.repo.auth.credentials.private_key': 'PEM',
      'details.credentials.0.token': 'of-quay',
    });
    expect(shown.details!.repo!.auth!.credentials).toEqual({ username: 'git', passphrase: '', private_key: '' });
    expect(shown.details!.credentials).toEqual([{ url: 'quay.io', username: 'joe' }]);
  });

  it('are logins, by the way to sign in', () => {
    const of = (given: ImageOrigin) => {
      const { origin: shown, secrets } = withoutSecrets(given);
      return loginOf(shown, secrets);
    };
    const oci = (auth: object): ImageOrigin => ({
      type: 'oci-registry',
      details: { target: 'x', url: 'y', auth: auth as never },
    });
    expect(of({ type: 'docker-hub', details: { target: 'x', username: 'joe', token: 't' } })).toEqual({
      ...{ username: 'joe', password: 't' },
    });
    expect(of({ type: 'docker-registry', details: { target: 'x', url: 'y', password: 'p', token: 't' } })).toEqual({
      ...{ username: 'token', password: 'p' },
    });
    const key = { api_key: 'AKIAXXXXXXXXXXXXXXXX', secret: 's', region: 'eu-west-1' };
    expect(of(oci({ type: 'provider', details: { flavor: 'ecr', credentials: key } }))).toEqual({
      ...{ username: key.api_key, password: 's' },
    });
    expect(of(oci({ type: 'user', details: { username: 'joe' } }))).toBeUndefined();
    expect(webhookOf(oci({ type: 'webhook', details: { url: 'https://x.test/' } }))).toBe('https://x.test/');
  });
});

describe('an origin', () => {
  it.each([
    [{ type: 'docker-hub' }, /details/],
    [{ type: 'docker-registry', details: { target: 'x' } }, /url/],
    [registry('https://joe:secret@quay.io'), /must not hold/],
    [{ type: 'none', details: { target: 'x'.repeat(70_000) } }, /at most/],
  ] as [ImageOrigin, RegExp][])('is refused where it can not be: %#', (origin, message) => {
    expect(() => checkOrigin(origin)).toThrow(message);
  });
});

describe('an identifier', () => {
  it('is made of a name', () => {
    expect([identifierOf('My Container'), identifierOf('Zürich 名前!'), identifierOf('名前')]).toEqual([
      ...['my-container', 'zu-rich', 'image'],
    ]);
  });

  it.each(['My', 'a--b', '-a', '', 'x'.repeat(101), '../a'])('is not %j', (text) => {
    expect(() => checkIdentifier(text)).toThrow(/identifier/);
  });
});
