// Requests to sources that never end, that repeat secrets, or that can not be started.
import 'reflect-metadata';
import { ccmReviews } from '../../src/formats/ccm/reviews.js';
import { CcmSession } from '../../src/formats/ccm/session.js';
import { Upstream } from '../../src/lib/upstream.js';
import { SyncSchedule } from '../../src/sources/schedule.js';
import { SourceHttp } from '../../src/sources/source-http.js';
import { ApprovalStatus } from '../../src/tasks/task.entity.js';
import { startHttpFake } from '../support/http-fake.js';

const httpFor = (host: string, more: object = {}) => {
  const upstream = new Upstream({ allow: [host] });
  return new SourceHttp(upstream, { signal: new AbortController().signal, ...more });
};

it('an answer that comes drop by drop ends', async () => {
  const fake = await startHttpFake((_request, response) => {
    const drip = setInterval(() => response.write('['), 10);
    response.on('close', () => clearInterval(drip));
  });
  const http = httpFor(fake.host, { answerTimeoutMs: 100, retry: { tries: 2, baseMs: 1 } });
  await expect(http.send(new URL(fake.url))).rejects.toMatchObject({
    code: 'SOURCE_UNREACHABLE',
    message: expect.stringMatching(/too long/),
  });
  expect(http.requests).toBe(2);
  await fake.close();
});

it('a CCM that repeats what it was sent gives no secret away, nor the session it opened', async () => {
  const fake = await startHttpFake(({ url, headers }, response) => {
    if (url === '/v1/sys/auth') response.end('{"access_token":"session-of-somebody"}');
    else response.writeHead(403).end(`\0bad: ${headers.authorization}, not Basic ${basic}`);
  });
  const [username, password] = ['me@example.com', 'a-password'];
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  const http = httpFor(fake.host, { secrets: [password] });
  const session = await CcmSession.open({
    endpoint: fake.url,
    region: null,
    credentials: { username, password },
    http,
  });
  const { message } = session.failureOf(await session.ask('/v1/apps'));
  expect(message).toMatch(/403: bad: Bearer \*\*\*, not Basic \*\*\*$/);
  await fake.close();
});

it('a decision that is answered by a page of something else is not taken for told', async () => {
  const fake = await startHttpFake((_request, response) => void response.end('<html>Sign in here</html>'));
  const access = { endpoint: fake.url, region: null, credentials: { token: 'some-token' }, http: httpFor(fake.host) };
  const reviews = await ccmReviews.open(access);
  const sent = reviews.send('00000000-0000-4000-8000-000000000001', { status: ApprovalStatus.APPROVED, reason: null });
  await expect(sent).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
  await fake.close();
});

it('an import that can not be started does not keep the others from it', async () => {
  const started: string[] = [];
  const due = ['deleted', 'other'].map((id) => ({ accountId: 'a', id, name: id, syncEverySeconds: 60 }));
  const start = (_by: object, id: string) => {
    started.push(id);
    return id === 'deleted' ? Promise.reject(new Error('It is not there.')) : Promise.resolve();
  };
  const parts = [{ due: () => Promise.resolve(due) }, { start }, { warn: () => {} }] as never[];
  await new SyncSchedule(parts[0]!, parts[1]!, parts[2]!).runDue(new Date());
  expect(started).toEqual(['deleted', 'other']);
});
