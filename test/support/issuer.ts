// An OpenID Connect issuer on a real socket: its keys, and codes to be exchanged for tokens.
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWTPayload } from 'jose';
import { startHttpFake } from './http-fake.js';

export const AUDIENCE = 'catalog';
export const CLIENT_ID = 'catalog-client';

export interface Issuer {
  url: string;
  /** `127.0.0.1:<port>` */
  host: string;
  /** How often its keys were fetched. */
  keyRequests(): number;
  sign(
    claims: JWTPayload,
    options?: { audience?: string; issuer?: string; key?: CryptoKey; seconds?: number; issuedAgo?: number },
  ): Promise<string>;
  /** Makes a code that is good for a token with these claims. */
  code(claims: JWTPayload): string;
  /** While it is true, everything answers 500. */
  isBroken: boolean;
  close(): Promise<void>;
}

export async function startIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  const codes = new Map<string, JWTPayload>();
  const fake = await startHttpFake((request, response) => {
    if (issuer.isBroken) return void response.writeHead(500).end('broken');
    response.setHeader('content-type', 'application/json');
    if (request.url === '/keys') return void response.end(JSON.stringify({ keys: [jwk] }));
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void exchange(Buffer.concat(chunks).toString(), request.headers.authorization));
    const exchange = async (form: string, authorization = '') => {
      const claims = codes.get(new URLSearchParams(form).get('code') ?? '');
      const isClient = Buffer.from(authorization.slice(6), 'base64').toString() === `${CLIENT_ID}:hush`;
      if (!claims || !isClient) return response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }));
      return response.end(JSON.stringify({ id_token: await issuer.sign(claims, { audience: CLIENT_ID }) }));
    };
  });
  const issuer: Issuer = {
    url: fake.url,
    host: fake.host,
    isBroken: false,
    keyRequests: () => fake.requests.filter(({ url }) => url === '/keys').length,
    sign: (
      claims,
      { audience = AUDIENCE, issuer: by = fake.url, key = privateKey, seconds = 600, issuedAgo = 0 } = {},
    ) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(by)
        .setAudience(audience)
        .setIssuedAt(Math.floor(Date.now() / 1000) - issuedAgo)
        .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
        .sign(key),
    code(claims) {
      const code = crypto.randomUUID();
      codes.set(code, claims);
      return code;
    },
    close: () => fake.close(),
  };
  return issuer;
}
