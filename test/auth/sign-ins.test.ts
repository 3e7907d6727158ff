import { SignInMethod } from '../../src/auth/sign-in.entity.js';
import { SignIns } from '../../src/auth/sign-ins.js';
import { networkOf } from '../../src/lib/network.js';
import { openTestDatabase } from '../db/test-database.js';
import type { TestDatabase } from '../db/test-database.js';
import { onEachDatabase } from '../support/databases.js';

onEachDatabase('failures to sign in', (kind) => {
  let database: TestDatabase;
  let signIns: SignIns;
  beforeAll(async () => {
    database = await openTestDatabase(kind);
    signIns = new SignIns(database.reader);
  });
  afterAll(() => database.close());

  const record = (email: string, address: string, isSuccess = false) =>
    database.inTransaction((tx) =>
      signIns.record(tx, { email, userId: null, method: SignInMethod.PASSWORD, isSuccess, address }),
    );
  const attempt = (email: string, address: string) => signIns.attempt(email, address, async () => 'let in');

  it('lock their network, and neither users nor other networks', async () => {
    for (let count = 0; count < 100; count += 1) await record(`guess${count}@acme.example`, '2001:db8::1');
    await expect(attempt('somebody@acme.example', '2001:db8::ffff:2')).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      retryAfterSeconds: expect.any(Number),
    });
    expect(await attempt('somebody@acme.example', '192.0.2.7')).toBe('let in');
    expect(await attempt('somebody@acme.example', '2001:db8:0:1::1')).toBe('let in');
  });

  it('lock the user after ten in a row, counted one after the other', async () => {
    const guess = () =>
      signIns.attempt('target@acme.example', '192.0.2.8', () => record('target@acme.example', '192.0.2.8'));
    const guesses = await Promise.allSettled(Array.from({ length: 15 }, guess));
    expect(guesses.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    await expect(attempt('target@acme.example', '192.0.2.9')).rejects.toMatchObject({ reason: 'LOCKED_ACCOUNT' });
  });

  it('are forgotten with the next success', async () => {
    for (let count = 0; count < 9; count += 1) await record('typist@acme.example', '192.0.2.10');
    await record('typist@acme.example', '192.0.2.10', true);
    for (let count = 0; count < 9; count += 1) await record('typist@acme.example', '192.0.2.10');
    expect(await attempt('typist@acme.example', '192.0.2.10')).toBe('let in');
  });

  it('that wait for each other are bounded', async () => {
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const waiting = Array.from({ length: 30 }, () => signIns.attempt('queue@acme.example', '192.0.2.11', () => gate));
    const settled = Promise.allSettled(waiting);
    await Promise.race(waiting).catch((error: unknown) => expect(error).toMatchObject({ code: 'TOO_MANY_REQUESTS' }));
    letGo();
    expect((await settled).filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
  });
});

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['unknown', 'unknown'],
])('the network of %s is %s', (address, network) => expect(networkOf(address)).toBe(network));
