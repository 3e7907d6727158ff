import { Build } from '../../src/builds/build.entity.js';
import { BuildDiffs } from '../../src/conversions/build-diff.js';
import type { JobChild } from '../../src/conversions/job-child.js';
import { CatalogError } from '../../src/lib/errors.js';
import { JobFailure, JobFailureCode } from '../../src/lib/job-failure.js';
import type { EifDiff } from '../../src/nitro/eif-diff.js';

type Run = JobChild['run'];

const diffOf = (bytes = 10) => ({ notes: ['x'.repeat(bytes)] }) as unknown as EifDiff;
const diffed = (bytes?: number) => Promise.resolve({ kind: 'diffed' as const, diff: diffOf(bytes) });
/** Goes on until it is told to stop. */
const endless: Run = (_assignment, _reports, signal) =>
  new Promise((_resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });

/** Every id is a build that was pushed to a registry. */
function comparing(run: Run, passwordOf = () => 'secret') {
  const logged: object[] = [];
  const get = (_account: string, id: string) => {
    const target = { host: 'registry.example', repository: 'acme/app', tagOrDigest: id };
    return Promise.resolve({ build: Object.assign(new Build(), { id, attributes: [] }), made: { target } as never });
  };
  const logins = { forRepository: () => Promise.resolve({ username: 'me' } as never), passwordOf };
  const diffs = new BuildDiffs({ get }, { run }, logins, {
    error: (facts: object) => void logged.push(facts),
  } as never);
  const failure = (account: string, a: string, b: string) =>
    diffs.compare(account, a, b).then(
      () => undefined,
      (error: unknown) => (error instanceof CatalogError ? error : Promise.reject(error as Error)),
    );
  return { diffs, failure, logged };
}

describe('the comparison of builds', () => {
  const UPSTREAM = [
    ...['IMAGE_NOT_FOUND', 'REGISTRY_UNAUTHORIZED', 'REGISTRY_UNREACHABLE', 'REGISTRY_FORBIDDEN_ADDRESS'],
    ...['DIGEST_MISMATCH', 'CREDENTIALS_UNREADABLE', 'DEADLINE_EXCEEDED'],
  ];

  it.each(Object.values(JobFailureCode))('tells of %s whether the gateway can mend it', async (code) => {
    const { failure, logged } = comparing(() => Promise.reject(new JobFailure(code, 'It broke.', 'Mend it.')));
    if (UPSTREAM.includes(code)) {
      expect(await failure('me', 'a', 'b')).toMatchObject({ code: 'UPSTREAM_FAILED', message: 'It broke. Mend it.' });
      expect(logged).toEqual([]);
    } else {
      const message = 'The builds could not be compared. It broke.';
      expect(await failure('me', 'a', 'b')).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', message });
      expect(logged).toEqual([{ accountId: 'me', code, reason: 'It broke.' }]);
    }
  });

  it('tells of a stored login that can not be read', async () => {
    const unreadable = new JobFailure(JobFailureCode.CREDENTIALS_UNREADABLE, 'Sealed.', 'Store it again.');
    const { failure } = comparing(diffed as never, () => {
      throw unreadable;
    });
    const told = { code: 'UPSTREAM_FAILED', message: 'Sealed. Store it again.' };
    expect(await failure('me', 'a', 'b')).toMatchObject(told);
  });

  it('of an account has two at once, and of all accounts eight', async () => {
    const { diffs, failure } = comparing(endless);
    const running = ['a', 'b', 'c', 'd'].flatMap((account) => [failure(account, '1', '2'), failure(account, '3', '4')]);
    // Each is in turn once its builds are read.
    await new Promise(setImmediate);
    const tooMany = { code: 'TOO_MANY_REQUESTS', retryAfterSeconds: 30 };
    expect(await failure('a', '5', '6')).toMatchObject({
      ...tooMany,
      message: expect.stringMatching('of this account'),
    });
    expect(await failure('e', '1', '2')).toMatchObject(tooMany);
    diffs.stop();
    for (const stopped of await Promise.all(running)) {
      expect(stopped).toMatchObject({
        code: 'INTERNAL_SERVER_ERROR',
        status: 503,
        message: 'The gateway stops: ask again.',
      });
    }
    expect(await failure('a', '5', '6')).toMatchObject({ status: 503 });
  });

  it('is made once for a pair, also where it is asked for twice at once', async () => {
    let runs = 0;
    const { diffs } = comparing(() => ((runs += 1), diffed()));
    const both = await Promise.all([diffs.compare('me', 'a', 'b'), diffs.compare('me', 'a', 'b')]);
    await diffs.compare('me', 'a', 'b');
    expect(both[0].eif).toEqual(diffOf());
    expect(runs).toBe(1);
    await diffs.compare('other', 'a', 'b');
    expect(runs).toBe(2);
  });

  it('is remembered for fifty pairs, and not where it is large', async () => {
    let runs = 0;
    const { diffs } = comparing(() => ((runs += 1), diffed(runs === 1 ? 2 ** 20 : 10)));
    await diffs.compare('me', 'large', 'large');
    await diffs.compare('me', 'large', 'large');
    expect(runs).toBe(2);
    for (let pair = 0; pair < 50; pair += 1) await diffs.compare('me', 'a', String(pair));
    expect(runs).toBe(52);
    await diffs.compare('me', 'a', '0');
    expect(runs).toBe(52);
    await diffs.compare('me', 'large', 'large');
    expect(runs).toBe(53);
  });
});
