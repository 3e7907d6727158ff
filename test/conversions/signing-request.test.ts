import { createHash, sign } from 'node:crypto';
import { checkedSignature, signingRequest } from '../../src/conversions/signing-request.js';
import { Job } from '../../src/jobs/job.entity.js';
import { temporaryFolder } from '../support/folders.js';
import { newSigner } from '../support/signers.js';
import { sha256 } from '../support/tar-builder.js';

const folder = temporaryFolder();
const WANTED = { pcr0: 'ab'.repeat(48), imageDigest: sha256(Buffer.from('image')) };
const DAY_MS = 24 * 60 * 60 * 1000;

describe.each([
  ['prime256v1', 'ES256', 'sha256'],
  ['secp384r1', 'ES384', 'sha384'],
  ['secp521r1', 'ES512', 'sha512'],
] as const)('a request for a signature on %s', (curve, algorithm, hash) => {
  const signer = newSigner(folder, curve);
  const other = newSigner(temporaryFolder(), curve);
  const request = signingRequest(signer.certificate, WANTED);
  const job = Object.assign(new Job(), {
    ...{ status: 'WAITING', signing: request },
    input: { signing: { by: 'EXTERNAL', certificate: signer.certificate } },
  });
  const signed = (key = signer.key, dsaEncoding: 'der' | 'ieee-p1363' = 'der') =>
    sign(hash, Buffer.from(request.toBeSigned, 'base64'), { key, dsaEncoding });

  it('says what to sign, by which algorithm, for what, and how long', () => {
    const toBeSigned = Buffer.from(request.toBeSigned, 'base64');
    expect(request).toMatchObject({ ...WANTED, algorithm, digest: createHash(hash).update(toBeSigned).digest('hex') });
    expect(request.pcr8).toMatch(/^[0-9a-f]{96}$/);
    expect(request.expiresAt.getTime() - Date.now()).toBeGreaterThan(6 * DAY_MS);
  });

  it('takes the signature in DER or raw, in base64 or hex, and keeps r and s', () => {
    for (const bytes of [signed(), signed(signer.key, 'ieee-p1363')]) {
      for (const encoding of ['base64', 'hex'] as const) {
        expect(checkedSignature(job, bytes.toString(encoding))).toMatch(/^[A-Za-z0-9+/]+=*$/);
      }
    }
    const raw = signed(signer.key, 'ieee-p1363').toString('base64');
    expect(checkedSignature(job, raw)).toBe(raw);
  });

  it('refuses one by another key, of something else, and what is none', () => {
    const wrong = { code: 'BAD_USER_INPUT', field: ['signature'] };
    const elsewhere = Object.assign(new Job(), { ...job, signing: { ...request, pcr0: 'cd'.repeat(48) } });
    const refusal = expect.objectContaining(wrong);
    expect(() => checkedSignature(job, signed(other.key).toString('base64'))).toThrow(refusal);
    expect(() => checkedSignature(elsewhere, signed().toString('base64'))).toThrow(refusal);
    for (const text of ['', 'nothing', '00', 'x'.repeat(100_000)]) {
      expect(() => checkedSignature(job, text)).toThrow(refusal);
    }
  });
});

describe('a job that wants no signature', () => {
  it('takes none', () => {
    const inputs = [{}, { signing: { by: 'GATEWAY' } }, { signing: { by: 'EXTERNAL', certificate: 'x' } }];
    for (const input of inputs) {
      const job = Object.assign(new Job(), { status: 'RUNNING', signing: null, input });
      expect(() => checkedSignature(job, '00')).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
    }
  });
});
