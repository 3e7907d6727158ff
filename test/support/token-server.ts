// Issues bearer tokens for docker-registry: ES256 JSON web tokens with the certificate in their header.
import { execFileSync } from 'node:child_process';
import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startHttpFake } from './http-fake.js';
import type { HttpFake } from './http-fake.js';

export const TOKEN_ISSUER = 'test-issuer';
export const TOKEN_SERVICE = 'test-registry';

export interface TokenServer extends HttpFake {
  certificateFile: string;
}

/** Gives a token for every scope it is asked for, to whoever knows the user name and password. */
export async function startTokenServer(folder: string, username: string, password: string): Promise<TokenServer> {
  const keyFile = join(folder, 'token.key');
  const certificateFile = join(folder, 'token.crt');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const request = ['req', '-x509', ...curve, '-subj', '/CN=tokens', '-keyout', keyFile, '-out', certificateFile];
  execFileSync('openssl', request, { stdio: 'ignore' });
  const key = createPrivateKey(readFileSync(keyFile));
  const x5c = [new X509Certificate(readFileSync(certificateFile)).raw.toString('base64')];
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

  const fake = await startHttpFake((asked, answer) => {
    if (asked.headers.authorization !== expected) return answer.writeHead(401).end();
    const { searchParams } = new URL(asked.url ?? '/', 'http://tokens');
    const access = searchParams.getAll('scope').map((scope) => {
      const [type, name, actions = ''] = scope.split(':');
      return { type, name, actions: actions.split(',') };
    });
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, nbf: now - 10, exp: now + 300 };
    const claims = { iss: TOKEN_ISSUER, sub: username, aud: searchParams.get('service'), jti: randomUUID(), access };
    const parts = [
      { alg: 'ES256', typ: 'JWT', x5c },
      { ...claims, ...times },
    ]
      .map(encode)
      .join('.');
    const signature = sign('sha256', Buffer.from(parts), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    return answer.end(JSON.stringify({ token: `${parts}.${signature}`, expires_in: 300 }));
  });
  return { ...fake, certificateFile };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
