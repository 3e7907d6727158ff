// A numbered table read as a stream: first what is there after a number, then what comes, woken by the waker.
// Wake-ups make it fast; reading the table again makes it right, also when a wake-up was lost.
import type { Waker } from './waker.js';

const POLL_MS = 5_000;

export interface Feed<Line> {
  topic: string;
  /** Lines with a number above `seq`, lowest first, at most a page of them. */
  read(seq: number): Promise<Line[]>;
  seqOf(line: Line): number;
  /** True for the line after which nothing can follow. */
  isLast(line: Line): boolean;
  /** Whether the last line has a number of at most `seq`, so that nothing can follow it. */
  isOver(seq: number): Promise<boolean>;
  /** Stands in for lines that were pruned: the one before `next`. */
  gap(next: Line): Line;
}

/** Yields each line after `afterSeq` once and in order; ends after the last line or when the signal is aborted. */
export async function* follow<Line>(
  feed: Feed<Line>,
  waker: Waker,
  afterSeq: number,
  signal: AbortSignal,
): AsyncGenerator<Line, void, undefined> {
  const bell = new Bell(signal);
  const stopListening = waker.listen(feed.topic, () => bell.ring());
  const first = Math.max(afterSeq, 0);
  let seen = first;
  try {
    while (!signal.aborted) {
      bell.reset();
      const lines = await feed.read(seen);
      for (const line of lines) {
        if (signal.aborted) return;
        if (feed.seqOf(line) > seen + 1) yield feed.gap(line);
        seen = feed.seqOf(line);
        yield line;
        if (feed.isLast(line)) return;
      }
      if (lines.length > 0) continue;
      // Whoever saw the last line and lost the connection before it was closed would otherwise wait for ever.
      if (seen === first && seen > 0 && (await feed.isOver(seen))) return;
      await bell.rung(POLL_MS);
    }
  } finally {
    stopListening();
    bell.close();
  }
}

/** Remembers a ring that came while nobody waited, so that no wake-up between reading and waiting is lost. */
class Bell {
  private wasRung = false;
  private resolve?: () => void;
  private readonly onAbort = () => this.ring();

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener('abort', this.onAbort, { once: true });
  }

  reset(): void {
    this.wasRung = false;
  }

  ring(): void {
    this.wasRung = true;
    this.resolve?.();
  }

  async rung(timeoutMs: number): Promise<void> {
    if (this.wasRung || this.signal.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.resolve = resolve;
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
    this.resolve = undefined;
  }

  close(): void {
    this.signal.removeEventListener('abort', this.onAbort);
  }
}
