import { InProcessQueue } from '../../src/jobs/job-queue.js';
import { gate } from './job-setup.js';

/** Work that runs until a test lets each job go on. */
function steered(concurrency: number) {
  const begun: string[] = [];
  const ended: string[] = [];
  const gates = new Map<string, ReturnType<typeof gate>>();
  const gateOf = (id: string) => gates.get(id) ?? gates.set(id, gate()).get(id)!;
  const queue = new InProcessQueue(async (id) => {
    begun.push(id);
    await gateOf(id).passed;
    gates.delete(id);
    ended.push(id);
  }, concurrency);
  return { queue, begun, ended, finish: (id: string) => gateOf(id).open() };
}

const job = (id: string, accountId = 'account') => ({ accountId, id });
const turn = () => new Promise(setImmediate);

describe('a queue in the process', () => {
  it('runs as many jobs at once as it may, first in, first out', async () => {
    const { queue, begun, finish } = steered(2);
    for (const id of ['a', 'b', 'c', 'd']) queue.add(job(id));
    await turn();
    expect(begun).toEqual(['a', 'b']);
    finish('b');
    await turn();
    expect(begun).toEqual(['a', 'b', 'c']);
    for (const id of ['a', 'c', 'd']) finish(id);
    await turn();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    await queue.close();
  });

  it('lets accounts take turns, each first in, first out', async () => {
    const { queue, begun, finish } = steered(1);
    for (const id of ['a1', 'a2', 'a3', 'a4']) queue.add(job(id, 'a'));
    for (const id of ['b1', 'b2']) queue.add(job(id, 'b'));
    queue.add(job('c1', 'c'));
    const order = ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4'];
    await turn();
    for (const id of order) {
      expect(begun.at(-1)).toBe(id);
      finish(id);
      await turn();
    }
    expect(begun).toEqual(order);
    await queue.close();
  });

  it('lets an account that comes late wait for one job of each other account at most', async () => {
    const { queue, begun, finish } = steered(1);
    for (let index = 0; index < 1_000; index += 1) queue.add(job(`a${index}`, 'a'));
    await turn();
    queue.add(job('late', 'b'));
    for (const id of ['a0', 'a1']) {
      finish(id);
      await turn();
    }
    expect(begun).toEqual(['a0', 'a1', 'late']);
    const closed = queue.close();
    finish('late');
    await closed;
    expect(begun).toHaveLength(3);
  });

  it('takes a job once that waits or runs, and again after it ended', async () => {
    const { queue, begun, finish } = steered(1);
    for (const id of ['a', 'b', 'a', 'b', 'b']) queue.add(job(id));
    await turn();
    queue.add(job('a'));
    finish('a');
    await turn();
    finish('b');
    await turn();
    expect(begun).toEqual(['a', 'b']);
    queue.add(job('a'));
    await turn();
    expect(begun).toEqual(['a', 'b', 'a']);
    finish('a');
    await queue.close();
  });

  it('is closed once what runs has ended, and begins nothing more', async () => {
    const { queue, begun, ended, finish } = steered(2);
    for (const id of ['a', 'b', 'c']) queue.add(job(id));
    await turn();
    let isClosed = false;
    const closed = queue.close().then(() => (isClosed = true));
    queue.add(job('d'));
    finish('a');
    await turn();
    expect([isClosed, begun, ended]).toEqual([false, ['a', 'b'], ['a']]);
    finish('b');
    await closed;
    expect([begun, ended]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('is closed at once where nothing runs', async () => {
    const { queue, begun } = steered(1);
    await queue.close();
    queue.add(job('a'));
    await turn();
    expect(begun).toEqual([]);
  });
});
