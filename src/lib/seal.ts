// Secrets at rest: AES-256-GCM under a key that lives outside the database, and a keyed fingerprint for comparing them.
// Keys of before open what they sealed, so that the key can be changed; nothing new is sealed with them.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

export class Seal {
  private readonly encryptionKeys: [Buffer, ...Buffer[]];
  private readonly fingerprintKeys: [Buffer, ...Buffer[]];

  /**
   * @param secret at least 32 bytes, from SECRETS_KEY or DATA_DIR/secrets.key
   * @param previous keys of before
   */
  constructor(secret: Buffer, ...previous: Buffer[]) {
    this.encryptionKeys = [derive(secret, 'seal'), ...previous.map((key) => derive(key, 'seal'))];
    this.fingerprintKeys = [derive(secret, 'fingerprint'), ...previous.map((key) => derive(key, 'fingerprint'))];
  }

  /** @param context what the secret belongs to; opening it elsewhere fails */
  close(plain: string, context: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.encryptionKeys[0], nonce).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** Throws where the text was tampered with, sealed by a key that is not among these, or for another context. */
  open(sealed: string, context: string): string {
    let failure: unknown;
    for (const key of this.encryptionKeys) {
      try {
        return openWith(key, sealed, context);
      } catch (error) {
        failure ??= error;
      }
    }
    throw failure;
  }

  /** Tells equal texts from different ones without allowing anyone without the key to guess them. */
  fingerprint(text: string): string {
    return fingerprintWith(this.fingerprintKeys[0], text);
  }

  /** Whether it is the fingerprint of the text, made with the present key or one of before. */
  isFingerprintOf(text: string, fingerprint: string): boolean {
    return this.fingerprintKeys.some((key) => fingerprintWith(key, text) === fingerprint);
  }
}

const derive = (secret: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `build-catalog ${purpose}`, 32));

const fingerprintWith = (key: Buffer, text: string): string => createHmac('sha256', key).update(text).digest('hex');

function openWith(key: Buffer, sealed: string, context: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  // Without its length a tag cut to four bytes would do.
  const options = { authTagLength: 16 };
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), options);
  decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
}
