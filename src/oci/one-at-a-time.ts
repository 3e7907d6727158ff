// Work on one thing, one after the other, inside this process.

export class OneAtATime {
  private readonly last = new Map<string, Promise<unknown>>();

  /** Runs the work once all work that came before under the same key has ended, well or not. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.last.get(key) ?? Promise.resolve()).then(work);
    const ended = mine.catch(() => undefined);
    this.last.set(key, ended);
    try {
      return await mine;
    } finally {
      if (this.last.get(key) === ended) this.last.delete(key);
    }
  }
}
