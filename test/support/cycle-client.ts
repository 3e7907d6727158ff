// Speaks to a gateway as Cycle's clients do. Every answer is judged by what describes it.
import { request } from 'node:http';
import { contractProblems } from './cycle-contract.js';
import type { TestGateway } from './gateway.js';

export interface CycleResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: any;
}

export interface CycleCall {
  token?: string | undefined;
  hub?: string | undefined;
  headers?: Record<string, string>;
  /** Sent as it is. */
  raw?: string;
}

export type Cycle = (line: string, body?: object, call?: CycleCall) => Promise<CycleResponse>;

/** @param line `GET /v1/images?sort=-id`, sent as it stands */
export async function cycleClient(gateway: TestGateway): Promise<Cycle & { hubId: string; accountId: string }> {
  const { body } = await gateway.send('{ viewer { account { id hubId } } }');
  const { id: accountId, hubId } = body.data.viewer.account;
  const ask: Cycle = async (line, json, call = {}) => {
    const [method, target] = line.split(' ') as [string, string];
    const { token = gateway.token, hub = hubId } = { ...call };
    const headers = {
      ...(!('token' in call && call.token === undefined) && { authorization: `Bearer ${token}` }),
      ...(!('hub' in call && call.hub === undefined) && { 'x-hub-id': hub }),
      'content-type': 'application/json',
      ...call.headers,
    };
    const answer = await send(gateway.url, { method, target, headers }, call.raw ?? (json && JSON.stringify(json)));
    const problems = contractProblems(method, target.split('?')[0]!, answer);
    if (problems.length > 0) throw new Error(`${line}: ${problems.join('; ')}\n${JSON.stringify(answer.body)}`);
    return answer;
  };
  return Object.assign(ask, { hubId, accountId });
}

/** Not by fetch, which would encode brackets. */
function send(
  url: string,
  { method, target, headers }: { method: string; target: string; headers: Record<string, string> },
  body: string | undefined,
): Promise<CycleResponse> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const sent = request({ hostname, port, method, path: target, headers: { ...headers, ...length } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: answer.statusCode!, headers: answer.headers, body: JSON.parse(text) });
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
