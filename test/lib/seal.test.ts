import { randomBytes } from 'node:crypto';
import { Seal } from '../../src/lib/seal.js';

const secret = randomBytes(32);
const seal = new Seal(secret);

describe('a seal', () => {
  it.each(['', 'a password', 'Pässwörd \u{1f512}\0\n', 'x'.repeat(100_000)])('opens what it closed', (plain) => {
    const sealed = seal.close(plain, 'job 1');
    expect(seal.open(sealed, 'job 1')).toBe(plain);
    expect(new Seal(Buffer.from(secret)).open(sealed, 'job 1')).toBe(plain);
  });

  it('hides the text, and that two texts are equal', () => {
    const sealed = seal.close('a password', 'job 1');
    expect(Buffer.from(sealed, 'base64url').includes('a password')).toBe(false);
    expect(seal.close('a password', 'job 1')).not.toBe(sealed);
  });

  it('does not open what belongs to something else', () => {
    const sealed = seal.close('a password', 'job 1');
    expect(() => seal.open(sealed, 'job 2')).toThrow();
    expect(() => seal.open(sealed, '')).toThrow();
  });

  it('does not open what another key closed', () => {
    expect(() => new Seal(randomBytes(32)).open(seal.close('a password', 'job 1'), 'job 1')).toThrow();
  });

  it('does not open a text of which any byte was changed', () => {
    const bytes = Buffer.from(seal.close('a password', 'job 1'), 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(() => seal.open(changed.toString('base64url'), 'job 1')).toThrow();
    }
  });

  it('does not open a text that was cut, wherever', () => {
    const bytes = Buffer.from(seal.close('', 'job 1'), 'base64url');
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => seal.open(bytes.subarray(0, length).toString('base64url'), 'job 1')).toThrow();
    }
  });
});

describe('a seal with keys of before', () => {
  const [oldest, older] = [randomBytes(32), randomBytes(32)];
  const changed = new Seal(secret, older, oldest);

  it('opens what any of them closed', () => {
    for (const key of [secret, older, oldest]) {
      expect(changed.open(new Seal(key).close('a password', 'job 1'), 'job 1')).toBe('a password');
    }
  });

  it('closes with the present key alone', () => {
    const sealed = changed.close('a password', 'job 1');
    expect(seal.open(sealed, 'job 1')).toBe('a password');
    for (const key of [older, oldest]) expect(() => new Seal(key).open(sealed, 'job 1')).toThrow();
  });

  it('does not open what another key closed, or what belongs to something else', () => {
    expect(() => changed.open(new Seal(randomBytes(32)).close('a password', 'job 1'), 'job 1')).toThrow();
    expect(() => changed.open(new Seal(older).close('a password', 'job 1'), 'job 2')).toThrow();
  });

  it('makes fingerprints with the present key, and knows those of before', () => {
    expect(changed.fingerprint('text')).toBe(seal.fingerprint('text'));
    for (const key of [secret, older, oldest]) {
      const fingerprint = new Seal(key).fingerprint('text');
      expect(changed.isFingerprintOf('text', fingerprint)).toBe(true);
      expect(changed.isFingerprintOf('other', fingerprint)).toBe(false);
    }
    expect(changed.isFingerprintOf('text', new Seal(randomBytes(32)).fingerprint('text'))).toBe(false);
  });
});

describe('a fingerprint', () => {
  it('is the same for the same text and key only', () => {
    expect(seal.fingerprint('text')).toMatch(/^[0-9a-f]{64}$/);
    expect(new Seal(secret).fingerprint('text')).toBe(seal.fingerprint('text'));
    expect(seal.fingerprint('other')).not.toBe(seal.fingerprint('text'));
    expect(new Seal(randomBytes(32)).fingerprint('text')).not.toBe(seal.fingerprint('text'));
  });
});
