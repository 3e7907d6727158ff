// Signed in to a CCM: by user and password or with an access token, and in the account that was asked for.
import { JobFailure, JobFailureCode } from '../../lib/job-failure.js';
import type { UpstreamRequest } from '../../lib/upstream.js';
import type { SourceAccess } from '../../sources/source-connector.js';
import { invalid, jsonOf, unauthorized } from '../../sources/source-http.js';
import type { SourceAnswer } from '../../sources/source-http.js';
import { objectIn } from '../document-value.js';
import { textOr } from './told.js';

const JSON_HEADERS = { accept: 'application/json', 'content-type': 'application/json' };

export class CcmSession {
  private token = '';

  private constructor(private readonly access: SourceAccess) {}

  /** Throws JobFailure. */
  static async open(access: SourceAccess): Promise<CcmSession> {
    const session = new CcmSession(access);
    await session.signIn();
    return session;
  }

  /** Any answer that says nothing of time; throws JobFailure where there is none. */
  async ask(path: string, request: UpstreamRequest = {}): Promise<SourceAnswer> {
    const answer = await this.askAsIs(path, request);
    // Sessions end, also while much is read.
    if (answer.status !== 401 || this.access.credentials.token !== undefined) return answer;
    await this.signIn();
    return this.askAsIs(path, request);
  }

  /** Sends once what must not be sent twice. Throws TryLater and JobFailure. */
  askOnce(path: string, request: UpstreamRequest): Promise<SourceAnswer> {
    return this.access.http.once(urlOf(this.access, path), this.signed(request));
  }

  get host(): string {
    return new URL(this.access.endpoint).host;
  }

  /** The answer; throws JobFailure for any but a success. */
  expectOk(answer: SourceAnswer): SourceAnswer {
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw this.failureOf(answer);
  }

  failureOf({ status, body }: SourceAnswer): JobFailure {
    return failureOf(this.access, status, body);
  }

  private askAsIs(path: string, request: UpstreamRequest): Promise<SourceAnswer> {
    return this.access.http.send(urlOf(this.access, path), this.signed(request));
  }

  private async signIn(): Promise<void> {
    const { username, password, token, hubId: account } = this.access.credentials;
    this.token = token ?? (await newToken(this.access, `${username}:${password}`));
    if (account === undefined) return;
    const path = `/v1/sys/session/select_account/${encodeURIComponent(account)}`;
    this.expectOk(await this.askAsIs(path, { method: 'POST', body: '' }));
  }

  private signed(request: UpstreamRequest): UpstreamRequest {
    return { ...request, headers: { ...JSON_HEADERS, authorization: `Bearer ${this.token}`, ...request.headers } };
  }
}

async function newToken(access: SourceAccess, login: string): Promise<string> {
  const basic = Buffer.from(login).toString('base64');
  // Whoever repeats what it was sent, repeats these.
  access.http.hide(login, basic);
  const authorization = `Basic ${basic}`;
  const headers = { ...JSON_HEADERS, authorization };
  const answer = await access.http.send(urlOf(access, '/v1/sys/auth'), { method: 'POST', headers, body: '' });
  const { host } = new URL(access.endpoint);
  if (answer.status !== 200) throw failureOf(access, answer.status, answer.body);
  const token = textOr(objectIn(jsonOf(answer, host))?.access_token, 16_384);
  // It becomes a header.
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) throw invalid(`${host} signed in without an access token.`);
  access.http.hide(token);
  return token;
}

const urlOf = ({ endpoint }: SourceAccess, path: string): URL => new URL(`${endpoint}${path}`);

function failureOf({ endpoint, http }: SourceAccess, status: number, body: Buffer): JobFailure {
  const { host } = new URL(endpoint);
  const said = http.quoted(body.subarray(0, 4_096).toString('utf8'));
  const message = `${host} answered ${status}${said === '' ? '.' : `: ${said}`}`;
  const hint = 'Look whether user and password, or the access token, are right, and which account they are for.';
  if (status === 401 || status === 403) return unauthorized(message, hint);
  return new JobFailure(JobFailureCode.SOURCE_INVALID, message, 'Look whether the endpoint of the source is a CCM.');
}
