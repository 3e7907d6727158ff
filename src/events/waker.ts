// Tells waiting readers that a topic may have something new. It carries no data: readers look into the table.
import { EventEmitter } from 'node:events';

export interface Waker {
  /** Wakes everyone who listens to the topic now. */
  wake(topic: string): void;
  /** Calls back at every wake-up until the returned function is called. */
  listen(topic: string, onWake: () => void): () => void;
}

/** Enough where one process does everything. */
export class InProcessWaker implements Waker {
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  wake(topic: string): void {
    this.emitter.emit(topic);
  }

  listen(topic: string, onWake: () => void): () => void {
    this.emitter.on(topic, onWake);
    return () => this.emitter.off(topic, onWake);
  }
}
