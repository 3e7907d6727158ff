import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { decodeCbor } from '../../src/nitro/cbor.js';
import {
  SIGNING_ALGORITHMS,
  digestToSign,
  parseSignatureSection,
  signatureSection,
  toBeSigned,
} from '../../src/nitro/cose.js';
import type { SigningAlgorithm } from '../../src/nitro/cose.js';
import { InvalidEif } from '../../src/nitro/invalid-eif.js';
import { judgeSignature } from '../../src/nitro/signature-verdict.js';
import { parseSignature } from '../../src/nitro/signature-text.js';
import { isSignatureOf, parseSigningCertificate, parseSigningKey, signPcr0 } from '../../src/nitro/signing.js';
import { temporaryFolder } from '../support/folders.js';
import { mutated, mutations } from '../support/mutations.js';
import { describeWith } from '../support/requirements.js';
import { newSigner, openssl } from '../support/signers.js';
import type { Signer } from '../support/signers.js';

const PCR0 = createHash('sha384').update('pcr0').digest('hex');
const CURVES: [SigningAlgorithm, string][] = [
  ['ES256', 'prime256v1'],
  ['ES384', 'secp384r1'],
  ['ES512', 'secp521r1'],
];

describeWith(['openssl'], 'the signature of an EIF', () => {
  const folder = temporaryFolder();
  const signers: Record<string, Signer> = {};
  const signer = (kind: string): Signer => (signers[kind] ??= newSigner(folder, kind));

  describe.each(CURVES)('with %s', (algorithm, curve) => {
    it('is of the certificate and of nothing else', () => {
      const certificate = parseSigningCertificate(signer(curve).certificate);
      expect(certificate).toMatchObject({ algorithm, subject: 'O=Example, CN=release' });
      const signature = signPcr0(parseSigningKey(signer(curve).key, certificate), certificate, PCR0);
      expect(isSignatureOf(certificate, PCR0, signature)).toBe(true);
      expect(
        isSignatureOf(certificate, PCR0.replace(/^./, 'x').replace('x', PCR0[0] === '0' ? '1' : '0'), signature),
      ).toBe(false);
      expect(isSignatureOf(certificate, PCR0, Buffer.alloc(signature.length))).toBe(false);
      expect(isSignatureOf(certificate, PCR0, signature.subarray(1))).toBe(false);
    });

    it('is taken back from whoever holds the key, as DER or r and s, in hex, base64 or bytes', () => {
      const certificate = parseSigningCertificate(signer(curve).certificate);
      const digestFile = join(folder, 'digest');
      for (let round = 0; round < 4; round++) {
        writeFileSync(digestFile, digestToSign(PCR0, algorithm));
        const der = openssl('pkeyutl', '-sign', '-inkey', signer(curve).keyFile, '-in', digestFile);
        const base64 = der.toString('base64');
        const lines = base64.replace(/(.{64})/g, '$1\n');
        for (const given of [der, base64, lines, der.toString('hex'), der.toString('hex').toUpperCase()]) {
          const raw = parseSignature(given, algorithm);
          expect(isSignatureOf(certificate, PCR0, raw)).toBe(true);
          for (const again of [raw, raw.toString('base64'), raw.toString('base64url'), raw.toString('hex')]) {
            expect(parseSignature(again, algorithm)).toEqual(raw);
          }
        }
      }
    });

    it('is found valid for its own PCR0 only', () => {
      const certificate = parseSigningCertificate(signer(curve).certificate);
      const signature = signPcr0(parseSigningKey(signer(curve).key, certificate), certificate, PCR0);
      const section = signatureSection(certificate, PCR0, signature);
      const { signed, ...read } = parseSignatureSection(section);
      expect(read).toEqual({ pem: certificate.pem, algorithm, registerIndex: 0, registerValue: PCR0, signature });
      expect(signed).toEqual(toBeSigned(PCR0, algorithm));
      expect(judgeSignature(section, PCR0)).toEqual({ valid: true, certificate, algorithm, problems: [] });
      const other = judgeSignature(section, 'ab'.repeat(48));
      expect(other).toMatchObject({ valid: false, problems: ['its signature is over another PCR0'] });
    });
  });

  it('signs the words that AWS signs', () => {
    const [context, header, external, payload] = decodeCbor(toBeSigned(PCR0, 'ES384')) as [
      string,
      Buffer,
      Buffer,
      Buffer,
    ];
    expect([context, header.toString('hex'), external.length]).toEqual(['Signature1', 'a1013822', 0]);
    expect(decodeCbor(payload)).toEqual(
      new Map<string, unknown>([
        ['register_index', 0],
        ['register_value', [...Buffer.from(PCR0, 'hex')]],
      ]),
    );
    expect(() => toBeSigned('ab', 'ES384')).toThrow('96 hex digits');
  });

  it('is not valid for the certificate of somebody else', () => {
    const certificate = parseSigningCertificate(signer('secp384r1').certificate);
    const signature = signPcr0(parseSigningKey(signer('secp384r1').key, certificate), certificate, PCR0);
    const stranger = parseSigningCertificate(newSigner(temporaryFolder(), 'secp384r1').certificate);
    const verdict = judgeSignature(signatureSection(stranger, PCR0, signature), PCR0);
    expect(verdict).toMatchObject({ valid: false, problems: ['its signature is not of its certificate'] });
    const otherCurve = parseSigningCertificate(signer('prime256v1').certificate);
    const section = signatureSection({ pem: otherCurve.pem, algorithm: 'ES384' }, PCR0, signature);
    expect(judgeSignature(section, PCR0).problems).toEqual(['its signature is of another algorithm than its key']);
  });

  it('has the PCR8 of the first certificate of a chain, and the chain byte by byte', () => {
    const [first, second] = [signer('secp384r1').certificate, signer('prime256v1').certificate];
    const chain = parseSigningCertificate(`text before\n${first}${second}`);
    expect(chain.pcr8).toBe(parseSigningCertificate(first).pcr8);
    const der = openssl('x509', '-in', join(folder, 'secp384r1.pem'), '-outform', 'DER');
    const digest = createHash('sha384').update(der).digest();
    expect(chain.pcr8).toBe(createHash('sha384').update(Buffer.alloc(48)).update(digest).digest('hex'));
    const signature = signPcr0(parseSigningKey(signer('secp384r1').key, chain), chain, PCR0);
    expect(parseSignatureSection(signatureSection(chain, PCR0, signature)).pem).toBe(chain.pem);
  });

  it.each([
    ['no PEM', () => 'certificate', 'not in PEM form'],
    ['no certificate', () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'not a certificate'],
    ['an RSA certificate', () => signer('rsa').certificate, 'of the type rsa'],
    ['another curve', () => signer('secp256k1').certificate, 'on the curve secp256k1'],
    ['a key beside it', () => signer('secp384r1').certificate + signer('secp384r1').key, 'a private key'],
    ['a key alone', () => signer('secp384r1').key, 'a private key'],
    ['too long a chain', () => signer('secp384r1').certificate.repeat(30), 'too large'],
  ])('is refused for a certificate that is %s', (_what, pem, message) => {
    expect(() => parseSigningCertificate(pem())).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining(message) }),
    );
  });

  it('takes the longest chain whose signature still fits', () => {
    const pem = signer('secp384r1').certificate;
    const filled = (characters: number) => `${'~'.repeat(characters)}\n${pem}`;
    const fits = (characters: number): boolean => {
      try {
        return parseSigningCertificate(filled(characters)) !== undefined;
      } catch {
        return false;
      }
    };
    let [most, tooMany] = [0, 32_768];
    while (tooMany - most > 1) {
      const middle = (most + tooMany) >> 1;
      if (fits(middle)) most = middle;
      else tooMany = middle;
    }
    const certificate = parseSigningCertificate(filled(most));
    const largest = Buffer.alloc(SIGNING_ALGORITHMS.ES384.signatureBytes, 0xff);
    const { length } = signatureSection(certificate, 'ff'.repeat(48), largest);
    expect([32_767, 32_768]).toContain(length);
  });

  it.each([
    ['no key', () => 'key', 'no private key'],
    ['of another certificate', () => newSigner(temporaryFolder(), 'secp384r1').key, 'not the key of the certificate'],
    ['of another type', () => signer('rsa').key, 'of the type rsa'],
    [
      'encrypted',
      () => '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----',
      'encrypted',
    ],
    ['too large', () => 'k'.repeat(20_000), 'too large'],
  ])('is refused for a key that is %s', (_what, key, message) => {
    const certificate = parseSigningCertificate(signer('secp384r1').certificate);
    expect(() => parseSigningKey(key(), certificate)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining(message) }),
    );
  });

  it.each([
    ['nothing', ''],
    ['words', 'not a signature'],
    ['too short', 'ab'.repeat(63)],
    ['very long', 'ab'.repeat(5000)],
    ['DER with a negative number', '3006020180020101'],
    ['DER with a padded number', '300702020001020101'],
    ['DER with bytes after it', '300602010102010100'],
    ['DER that is cut', '3006020101'],
    ['DER of a number too large', `3026${'0221' + '01'.repeat(33)}020101`],
  ])('is refused as %s', (_what, given) => {
    expect(() => parseSignature(given, 'ES256')).toThrow('must be 64 bytes');
  });

  it('is padded where r or s is short', () => {
    expect(parseSignature('3006020101020102', 'ES256').toString('hex')).toBe(
      `${'00'.repeat(31)}01${'00'.repeat(31)}02`,
    );
  });

  it.each([
    ['an empty list', '80'],
    ['two of them', '82a0a0'],
    ['no map', '8101'],
    ['other keys', '81a2616101616202'],
    ['bytes that are none', '81a2737369676e696e675f6365727469666963617465811901006973' + '69676e61747572658101'],
  ])('is not read from a section with %s', (_what, hex) => {
    expect(() => parseSignatureSection(Buffer.from(hex, 'hex'))).toThrow(InvalidEif);
  });

  it('is not valid where it is over another PCR', () => {
    const { certificate: pem, key } = signer('prime256v1');
    const certificate = parseSigningCertificate(pem);
    const section = signatureSection(certificate, PCR0, signPcr0(parseSigningKey(key, certificate), certificate, PCR0));
    // "register_index" is followed by its number; each byte of the list that is 24 or more takes two.
    const at = section.indexOf(Buffer.from([0x18, 0x64, 0x18, 0x65, 0x18, 0x78, 0x00])) + 6;
    const changed = Buffer.from(section);
    changed[at] = 1;
    const verdict = judgeSignature(changed, PCR0);
    expect(verdict.valid).toBe(false);
    expect(verdict.problems).toEqual([
      'its signature is over PCR1, not PCR0',
      'its signature is not of its certificate',
    ]);
  });

  it('is judged, whatever has become of it, and a certificate is read or refused', () => {
    const { certificate: pem, key } = signer('secp384r1');
    const certificate = parseSigningCertificate(pem);
    const section = signatureSection(certificate, PCR0, signPcr0(parseSigningKey(key, certificate), certificate, PCR0));
    const places = [0, 25, section.indexOf('isignature'), section.length - 120, section.length - 300];
    fc.assert(
      fc.property(mutations(section.length, places), (list) => {
        const verdict = judgeSignature(mutated(section, list), PCR0);
        expect(verdict.valid).toBe(verdict.problems.length === 0);
      }),
      { numRuns: 500 * Number(process.env.TEST_SCALE ?? 1) },
    );
    const der = Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64');
    const names = [der.indexOf('Example'), der.lastIndexOf('release')];
    const keyAt = der.indexOf(Buffer.from('2b81040022', 'hex'));
    fc.assert(
      fc.property(mutations(der.length, [0, ...names, keyAt - 12, keyAt]), (list) => {
        const body = mutated(der, list).toString('base64');
        const read = () => parseSigningCertificate(`-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`);
        try {
          expect(isSignatureOf(read(), PCR0, Buffer.alloc(96, 1))).toBe(false);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
        }
      }),
      { numRuns: 500 * Number(process.env.TEST_SCALE ?? 1) },
    );
  });
});
