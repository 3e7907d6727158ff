// A client of CCM's paths that believes nothing: every answer is judged by schema/openapi/ccm.yaml and, where it is
// there, by the vendor's document. It writes requests as they are told, odd ones too.
import { Agent, request } from 'node:http';
import { contractProblems, operationAt } from './ccm-contract.js';
import type { CcmAnswer } from './ccm-contract.js';
import { vendorProblems } from './ccm-vendor.js';

type Headers = Record<string, string | number>;

export interface CcmRequest {
  method: string;
  /** Path and query, sent as they are. */
  path: string;
  headers?: Headers;
  body?: string | Buffer;
}

const FRAMING = /^(?:content-length|transfer-encoding)$/i;

const agent = new Agent({ keepAlive: true });

afterAll(() => agent.destroy());

/** Sends what it is told and judges nothing. */
export function sendRaw(url: string, { method, path, headers, body }: CcmRequest): Promise<CcmAnswer> {
  const { hostname, port } = new URL(url);
  // Node frames no body of a GET or DELETE by itself.
  const framed = body === undefined || Object.keys(headers ?? {}).some((name) => FRAMING.test(name));
  const sentHeaders = framed ? headers : { ...headers, 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request({ agent, hostname, port, method, path, headers: sentHeaders }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode!, headers: response.headers, text, body: parsed(text) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function parsed(text: string): any {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is wrong with an answer to a request; nothing where all is well. */
export function problemsOf({ method, path }: CcmRequest, answer: CcmAnswer): string[] {
  const operation = operationAt(method, path);
  // Before it looks whose path it is, the server refuses what is no JSON, too long or no content type at all.
  if (!operation)
    return [400, 404, 413, 414, 415].includes(answer.status) ? [] : [`${answer.status}, though the path is nobody's`];
  const ours = contractProblems(operation, answer);
  return ours.length > 0 ? ours : vendorProblems(operation, answer);
}

export class CcmClient {
  /** @param succeeded gets the ids of operations that succeeded */
  constructor(
    readonly url: string,
    readonly headers: Headers = {},
    readonly succeeded = new Set<string>(),
  ) {}

  /** The same client with the token of somebody else. */
  as(token: string): CcmClient {
    return new CcmClient(this.url, { authorization: `Bearer ${token}` }, this.succeeded);
  }

  /** Throws where an answer breaks a promise, whatever its status. */
  async send(asked: CcmRequest): Promise<CcmAnswer> {
    const answer = await sendRaw(this.url, { ...asked, headers: { ...this.headers, ...asked.headers } });
    const problems = problemsOf(asked, answer);
    if (problems.length > 0) {
      throw new Error(`${asked.method} ${asked.path}: ${problems.join('; ')}\n${answer.status} ${answer.text}`);
    }
    if (answer.status < 400) this.succeeded.add(operationAt(asked.method, asked.path)!.id);
    return answer;
  }

  private sendJson(method: string, path: string, value?: unknown, headers: Headers = {}): Promise<CcmAnswer> {
    const json = { 'content-type': 'application/json', 'content-length': 0 };
    if (value === undefined) return this.send({ method, path, headers: { ...json, ...headers } });
    const body = Buffer.from(JSON.stringify(value));
    return this.send({ method, path, body, headers: { ...json, 'content-length': body.length, ...headers } });
  }

  get(path: string): Promise<CcmAnswer> {
    return this.sendJson('GET', path);
  }

  post(path: string, value?: unknown, headers?: Headers): Promise<CcmAnswer> {
    return this.sendJson('POST', path, value, headers);
  }

  patch(path: string, value: unknown): Promise<CcmAnswer> {
    return this.sendJson('PATCH', path, value);
  }

  delete(path: string): Promise<CcmAnswer> {
    return this.sendJson('DELETE', path);
  }

  /** The body of a success; throws for anything else. */
  async ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, value?: unknown): Promise<any> {
    const { status, text, body } = await this.sendJson(method, path, value);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return body;
  }

  /** Status and code of an error: `[400, 'UNIQUE_VIOLATION']`. */
  async refusal(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, value?: unknown): Promise<[number, string]> {
    const { status, body } = await this.sendJson(method, path, value);
    return [status, body?.code];
  }
}
