// For long loops in a process that has to hear of other things meanwhile: its parent's end, say.
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

const LOOK_EVERY = 64;
const TURN_MS = 20;

export class Turns {
  private rounds = 0;
  private since = performance.now();

  constructor(private readonly signal: AbortSignal) {
    signal.throwIfAborted();
  }

  /** To be asked in each round: whether others should have their turn. */
  due(): boolean {
    return ++this.rounds % LOOK_EVERY === 0 && performance.now() - this.since > TURN_MS;
  }

  /** Lets them have it; throws the signal's reason. */
  async give(): Promise<void> {
    await setImmediate();
    this.signal.throwIfAborted();
    this.since = performance.now();
  }
}
