// An async generator whose return() takes effect at once. A bare one first waits for its pending next(), which for a
// stream without news is for ever: every closed subscription would leak.

export function cancellable<T>(start: (signal: AbortSignal) => AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  const controller = new AbortController();
  const source = start(controller.signal);
  return {
    next: () => source.next(),
    async return() {
      controller.abort();
      return source.return();
    },
    async throw(error: unknown) {
      controller.abort();
      return source.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      controller.abort();
      await source.return();
    },
  } as AsyncGenerator<T, void>;
}
