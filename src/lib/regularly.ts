// Keeps something going: at once, then at every interval, never twice at the same time.

export interface Regular {
  everyMs: number;
  /** Gives up where the signal is aborted, by throwing or not. */
  work: (stopping: AbortSignal) => Promise<void>;
  failed: (error: unknown) => void;
}

/** Answers what stops it and waits until it has stopped. */
export function regularly({ everyMs, work, failed }: Regular): () => Promise<void> {
  const stopping = new AbortController();
  const run = async () => {
    try {
      await work(stopping.signal);
    } catch (error) {
      if (!stopping.signal.aborted) failed(error);
    }
  };
  let running = run();
  const timer = setInterval(() => void (running = running.then(run)), everyMs).unref();
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await running;
  };
}
