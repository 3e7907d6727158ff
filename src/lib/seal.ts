// Secrets at rest: AES-256-GCM under a key that lives outside the database, and a keyed fingerprint for comparing them.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

export class Seal {
  private readonly encryptionKey: Buffer;
  private readonly fingerprintKey: Buffer;

  /** @param secret at least 32 bytes, from SECRETS_KEY or DATA_DIR/secrets.key */
  constructor(secret: Buffer) {
    const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', secret, '', `build-catalog ${purpose}`, 32));
    this.encryptionKey = derive('seal');
    this.fingerprintKey = derive('fingerprint');
  }

  /** @param context what the secret belongs to; opening it elsewhere fails */
  close(plain: string, context: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.encryptionKey, nonce).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** Throws where the text was tampered with, sealed by another key or for another context. */
  open(sealed: string, context: string): string {
    const bytes = Buffer.from(sealed, 'base64url');
    // Without its length a tag cut to four bytes would do.
    const options = { authTagLength: 16 };
    const decipher = createDecipheriv('aes-256-gcm', this.encryptionKey, bytes.subarray(0, 12), options);
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  }

  /** Tells equal texts from different ones without allowing anyone without the key to guess them. */
  fingerprint(text: string): string {
    return createHmac('sha256', this.fingerprintKey).update(text).digest('hex');
  }
}
