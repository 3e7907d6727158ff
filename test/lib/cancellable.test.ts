import { once } from 'node:events';
import { cancellable } from '../../src/lib/cancellable.js';

/** Yields 1, then waits until it is aborted; `end` is called by its finally. */
const waiting = (end: () => void) =>
  async function* (signal: AbortSignal): AsyncGenerator<number, void> {
    try {
      yield 1;
      if (!signal.aborted) await once(signal, 'abort');
    } finally {
      end();
    }
  };

describe('a cancellable generator', () => {
  it('gives what its source gives, and ends with it', async () => {
    const numbers = cancellable(async function* () {
      yield 1;
      yield 2;
    });
    const seen = [];
    for await (const number of numbers) seen.push(number);
    expect(seen).toEqual([1, 2]);
    expect(await numbers.next()).toEqual({ value: undefined, done: true });
  });

  it('ends a pending next at once when it is returned, and runs the finally of its source', async () => {
    const end = jest.fn();
    const numbers = cancellable(waiting(end));
    expect(await numbers.next()).toEqual({ value: 1, done: false });
    const pending = numbers.next();
    expect(await numbers.return()).toEqual({ value: undefined, done: true });
    expect(await pending).toEqual({ value: undefined, done: true });
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('ends when a loop is left', async () => {
    const end = jest.fn();
    for await (const number of cancellable(waiting(end))) if (number === 1) break;
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('ends when an error is thrown into it', async () => {
    const end = jest.fn();
    const numbers = cancellable(waiting(end));
    await numbers.next();
    await expect(numbers.throw(new Error('over'))).rejects.toThrow('over');
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('never starts its source when it is returned before', async () => {
    const end = jest.fn();
    const numbers = cancellable(waiting(end));
    await numbers.return();
    expect(await numbers.next()).toEqual({ value: undefined, done: true });
    expect(end).not.toHaveBeenCalled();
  });
});
