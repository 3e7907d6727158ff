import { getEventListeners } from 'node:events';
import { follow } from '../../src/events/feed.js';
import type { Feed } from '../../src/events/feed.js';
import { InProcessWaker } from '../../src/events/waker.js';

const POLL_MS = 5_000;

interface Line {
  seq: number;
  last?: boolean;
  gap?: boolean;
}

/** A table in memory that pages of three are read from, and a waker that counts who listens. */
class Table implements Feed<Line> {
  readonly topic = 'table';
  readonly lines: Line[] = [];
  readonly waker = new InProcessWaker();
  listeners = 0;
  reads = 0;
  /** Called once, when the next page was read and is not yet answered. */
  whileReading?: () => void;

  readonly listening = {
    wake: (topic: string) => this.waker.wake(topic),
    listen: (topic: string, onWake: () => void) => {
      this.listeners += 1;
      const stop = this.waker.listen(topic, onWake);
      return () => {
        this.listeners -= 1;
        stop();
      };
    },
  };

  append(...seqs: number[]): void {
    for (const seq of seqs) this.lines.push({ seq });
    this.waker.wake(this.topic);
  }

  end(seq: number): void {
    this.lines.push({ seq, last: true });
    this.waker.wake(this.topic);
  }

  async read(seq: number): Promise<Line[]> {
    const page = this.lines.filter((line) => line.seq > seq).slice(0, 3);
    this.reads += 1;
    const { whileReading } = this;
    this.whileReading = undefined;
    whileReading?.();
    return page;
  }

  seqOf = ({ seq }: Line) => seq;
  isLast = ({ last }: Line) => last === true;
  isOver = async (seq: number) => this.lines.some((line) => line.last && line.seq <= seq);
  gap = (next: Line) => ({ seq: next.seq - 1, gap: true });
}

describe('a feed', () => {
  let table: Table;
  let controller: AbortController;
  const start = (afterSeq = 0) => follow(table, table.listening, afterSeq, controller.signal);
  const rest = async (lines: AsyncGenerator<Line, void>) => {
    const seen = [];
    for await (const { seq, gap } of lines) seen.push(gap ? `gap ${seq}` : seq);
    return seen;
  };
  const nextSeq = async (lines: AsyncGenerator<Line, void>) => (await lines.next()).value?.seq;
  const listeners = () => [table.listeners, getEventListeners(controller.signal, 'abort').length];

  beforeEach(() => {
    // The clock stands still: what only the poll would bring never comes.
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    table = new Table();
    controller = new AbortController();
  });
  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('replays what is there, over many pages, and ends after the last line', async () => {
    table.append(1, 2, 3, 4, 5, 6, 7);
    table.end(8);
    expect(await rest(start())).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await rest(start(6))).toEqual([7, 8]);
    expect(listeners()).toEqual([0, 0]);
  });

  it('goes on live where the replay ended, woken each time', async () => {
    table.append(1, 2);
    const lines = start();
    expect([await nextSeq(lines), await nextSeq(lines)]).toEqual([1, 2]);
    for (let seq = 3; seq < 8; seq += 1) {
      const next = nextSeq(lines);
      await new Promise(setImmediate);
      table.append(seq);
      expect(await next).toBe(seq);
    }
    const next = rest(lines);
    table.end(8);
    expect(await next).toEqual([8]);
  });

  it('loses no wake-up that comes between reading and waiting', async () => {
    const lines = start();
    table.whileReading = () => table.append(1);
    expect(await nextSeq(lines)).toBe(1);
    table.whileReading = () => table.end(2);
    expect(await rest(lines)).toEqual([2]);
  });

  it('looks again by itself when a wake-up was lost', async () => {
    const lines = start();
    const next = nextSeq(lines);
    await new Promise(setImmediate);
    table.lines.push({ seq: 1 });
    await jest.advanceTimersByTimeAsync(POLL_MS);
    expect(await next).toBe(1);
    await lines.return();
  });

  it('tells of lines that are gone before it goes on, also in its middle', async () => {
    table.append(4, 5, 9);
    table.end(10);
    expect(await rest(start())).toEqual(['gap 3', 4, 5, 'gap 8', 9, 10]);
    expect(await rest(start(3))).toEqual([4, 5, 'gap 8', 9, 10]);
    expect(await rest(start(2))).toEqual(['gap 3', 4, 5, 'gap 8', 9, 10]);
  });

  it('invents no gap for a number below the first', async () => {
    table.append(1);
    table.end(2);
    expect(await rest(start(-7))).toEqual([1, 2]);
  });

  it('ends at once for whoever saw the last line, or a later one than there is', async () => {
    table.append(1);
    table.end(2);
    expect(await rest(start(2))).toEqual([]);
    expect(await rest(start(100))).toEqual([]);
    expect(listeners()).toEqual([0, 0]);
  });

  it('ends with the last line for whoever claims to have seen later ones', async () => {
    table.append(1);
    const lines = rest(start(100));
    await new Promise(setImmediate);
    table.end(2);
    expect(await lines).toEqual([]);
  });

  it('gives a slow reader every line once', async () => {
    const lines = start();
    const seen: (number | undefined)[] = [];
    for (let round = 1; round <= 20; round += 1) {
      table.append(2 * round - 1, 2 * round);
      seen.push(await nextSeq(lines));
    }
    table.end(41);
    expect([...seen, ...(await rest(lines))]).toEqual(Array.from({ length: 41 }, (_, index) => index + 1));
  });

  it('ends when it is aborted while it waits, and leaves no listener', async () => {
    const lines = start();
    const next = lines.next();
    await new Promise(setImmediate);
    expect(listeners()).toEqual([1, 1]);
    controller.abort();
    expect(await next).toEqual({ value: undefined, done: true });
    expect(listeners()).toEqual([0, 0]);
  });

  it('gives nothing more once it is aborted, though there is more', async () => {
    table.append(1, 2, 3);
    const lines = start();
    expect(await nextSeq(lines)).toBe(1);
    controller.abort();
    expect(await rest(lines)).toEqual([]);
    expect(await rest(start())).toEqual([]);
    expect(table.reads).toBe(1);
    expect(listeners()).toEqual([0, 0]);
  });

  it('leaves no listener when its reader goes away or reading fails', async () => {
    table.append(1);
    for await (const { seq } of start()) if (seq === 1) break;
    expect(listeners()).toEqual([0, 0]);
    table.whileReading = () => {
      throw new Error('the database is gone');
    };
    await expect(rest(start())).rejects.toThrow('the database is gone');
    expect(listeners()).toEqual([0, 0]);
  });

  it('wakes only those who listen to its topic', async () => {
    const lines = start();
    const next = nextSeq(lines);
    await new Promise(setImmediate);
    const reads = table.reads;
    table.waker.wake('another table');
    await new Promise(setImmediate);
    expect(table.reads).toBe(reads);
    table.append(1);
    expect(await next).toBe(1);
    await lines.return();
  });
});
