// Signature Version 4 as AWS's clients put it into the header Authorization: what it says, whether a request is as it
// must be to be signed at all, and whether the signature is right.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalRequest, headersOf, parseQuery, sha256 } from './canonical-request.js';
import type { Headers, SignedRequest } from './canonical-request.js';
import { ImageBuilderError, invalidSignature } from './image-builder-errors.js';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SERVICE = 'imagebuilder';
const TERMINATOR = 'aws4_request';
const WINDOW_MS = 5 * 60_000;
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** Twice, nobody knows which one counts. */
const ONCE = ['authorization', 'host', 'x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token'];

export interface Signature {
  accessKeyId: string;
  /** `20261121`; signing keys are made for a day. */
  day: string;
  region: string;
  /** In lower case, ascending. */
  signedHeaders: string[];
  /** As in `x-amz-date`. */
  time: string;
  bodyHash: string;
  /** 64 hex digits. */
  value: string;
}

/** All checks that need no secret. Throws an ImageBuilderError. */
export function readSignature(request: SignedRequest, now: Date): Signature {
  const headers = headersOf(request);
  refuseQuerySignature(request);
  const authorization = headers.get('authorization')?.[0];
  if (authorization === undefined)
    throw new ImageBuilderError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const twice = ONCE.find((name) => (headers.get(name)?.length ?? 0) > 1);
  if (twice !== undefined) throw incomplete(`The header ${twice} is there more than once.`);
  const signature = parseAuthorization(authorization);
  if (headers.has('x-amz-security-token')) throw unrecognizedClient();
  const time = checkTime(headers.get('x-amz-date')?.[0], signature.day, now);
  checkSignedHeaders(headers, signature.signedHeaders);
  return { ...signature, time, bodyHash: checkBody(request.body, headers.get('x-amz-content-sha256')?.[0]) };
}

/** In time that does not depend on how much of it is right. */
export function isSignedWith(secret: string, request: SignedRequest, signature: Signature): boolean {
  const { day, region, signedHeaders, time, bodyHash, value } = signature;
  const canonical = canonicalRequest(request, headersOf(request), signedHeaders, bodyHash);
  const scope = [day, region, SERVICE, TERMINATOR];
  // Headers are bytes, which Node hands over as Latin-1.
  const toSign = [ALGORITHM, time, scope.join('/'), sha256(Buffer.from(canonical, 'latin1'))].join('\n');
  const key = scope.reduce<Buffer | string>((last, part) => hmac(last, part), `AWS4${secret}`);
  return timingSafeEqual(hmac(key, toSign), Buffer.from(value, 'hex'));
}

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();

function refuseQuerySignature({ target }: SignedRequest): void {
  const isThere = parseQuery(target).some(([name]) => /^x-amz-(?:signature|credential|algorithm)$/i.test(name));
  if (isThere) throw incomplete('Signatures in the query are not taken here: sign the request in its headers.');
}

function parseAuthorization(text: string): Omit<Signature, 'time' | 'bodyHash'> {
  const [, parameters] = /^AWS4-HMAC-SHA256\s+(.*)$/s.exec(text.trim()) ?? [];
  if (parameters === undefined) throw incomplete(`The header Authorization must begin with ${ALGORITHM}.`);
  const parts = parameters.split(',').map((part) => part.trim());
  const valueOf = (name: string): string => {
    const values = parts.filter((part) => part.startsWith(`${name}=`)).map((part) => part.slice(name.length + 1));
    if (values.length !== 1) throw incomplete(`The header Authorization must have one ${name}.`);
    return values[0]!;
  };
  const value = valueOf('Signature');
  if (!/^[0-9a-f]{64}$/.test(value)) throw incomplete('The signature must be 64 hex digits in lower case.');
  const signedHeaders = valueOf('SignedHeaders').split(';');
  const isAscending = signedHeaders.every((name, index) => index === 0 || signedHeaders[index - 1]! < name);
  const isLower = signedHeaders.every((name) => HEADER_NAME.test(name) && name === name.toLowerCase());
  if (!isAscending || !isLower) throw incomplete('SignedHeaders must be in lower case, sorted, each once.');
  return { ...parseCredential(valueOf('Credential')), signedHeaders, value };
}

function parseCredential(text: string): Pick<Signature, 'accessKeyId' | 'day' | 'region'> {
  const [accessKeyId, day, region, service, terminator, ...rest] = text.split('/');
  if (!/^\w{1,128}$/.test(accessKeyId!) || !/^\d{8}$/.test(day ?? '') || !region || rest.length > 0)
    throw incomplete('Credential must be <access key id>/<day>/<region>/imagebuilder/aws4_request.');
  if (service !== SERVICE) throw invalidSignature(`Credential should be scoped to correct service: '${SERVICE}'.`);
  if (terminator !== TERMINATOR)
    throw invalidSignature(`Credential should be scoped with a valid terminator: '${TERMINATOR}'.`);
  return { accessKeyId: accessKeyId!, day: day!, region };
}

/** SDKs set their clock right, and try again, where the message begins with "Signature expired". */
function checkTime(text: string | undefined, day: string, now: Date): string {
  const time = text?.trim() ?? '';
  const iso = time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const at = iso === time ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(at)) throw incomplete('The header x-amz-date must be there, as 20261121T012410Z.');
  if (!time.startsWith(`${day}T`)) throw invalidSignature('The day in Credential is another one than in x-amz-date.');
  const early = now.getTime() - WINDOW_MS;
  const late = now.getTime() + WINDOW_MS;
  if (at < early)
    throw invalidSignature(`Signature expired: ${time} is now earlier than ${stamp(early)} (${stamp(+now)} - 5 min.)`);
  if (at > late)
    throw invalidSignature(
      `Signature not yet current: ${time} is still later than ${stamp(late)} (${stamp(+now)} + 5 min.)`,
    );
  return time;
}

const stamp = (time: number): string => new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');

function checkSignedHeaders(headers: Headers, signedHeaders: string[]): void {
  const absent = signedHeaders.find((name) => !headers.has(name));
  if (absent !== undefined) throw invalidSignature(`The signed header ${absent} is not there.`);
  const needed = ['host', ...[...headers.keys()].filter((name) => name.startsWith('x-amz-'))];
  const unsigned = needed.find((name) => !signedHeaders.includes(name));
  if (unsigned !== undefined) throw invalidSignature(`The header ${unsigned} must be signed.`);
}

function checkBody(body: Buffer, told: string | undefined): string {
  const hash = sha256(body);
  // UNSIGNED-PAYLOAD and STREAMING-... are no hashes either.
  if (told !== undefined && told.trim() !== hash)
    throw invalidSignature('The header x-amz-content-sha256 must be the SHA-256 of the body.');
  return hash;
}

const incomplete = (message: string) => new ImageBuilderError('IncompleteSignatureException', message);

export const unrecognizedClient = () =>
  new ImageBuilderError('UnrecognizedClientException', 'The security token included in the request is invalid.');
