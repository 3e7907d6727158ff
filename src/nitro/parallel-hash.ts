// A hash on a thread of its own, over memory that both threads see: where two hashes cover the same bytes, one after the
// other would make hashing the slowest step.
import { Worker } from 'node:worker_threads';

// As text, because the thread must start from TypeScript in tests and from JavaScript in the product alike.
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const hash = require('node:crypto').createHash(workerData.algorithm);
  const memory = Buffer.from(workerData.memory);
  parentPort.on('message', (range) => {
    if (range === null) return parentPort.postMessage(hash.digest());
    hash.update(memory.subarray(range.start, range.end));
    parentPort.postMessage(range.ticket);
  });
`;

export class ParallelHash {
  private readonly worker: Worker;
  private tickets = 0;
  private done = 0;
  private result?: Buffer;
  private failure?: Error;
  private wake?: () => void;

  constructor(memory: SharedArrayBuffer, algorithm: 'sha256' | 'sha384') {
    this.worker = new Worker(THREAD, { eval: true, workerData: { memory, algorithm } });
    this.worker.on('message', (message: number | Uint8Array) => {
      if (typeof message === 'number') this.done = message;
      else this.result = Buffer.from(message);
      this.wake?.();
    });
    this.worker.on('error', (error) => {
      this.failure = error;
      this.wake?.();
    });
  }

  /** Hashes a part of the memory, which must not change until the ticket is done. */
  update(start: number, end: number): number {
    this.worker.postMessage({ start, end, ticket: ++this.tickets });
    return this.tickets;
  }

  async whenDone(ticket: number): Promise<void> {
    await this.until(() => this.done >= ticket);
  }

  async digest(): Promise<Buffer> {
    this.worker.postMessage(null);
    await this.until(() => this.result !== undefined);
    return this.result!;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private async until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      if (this.failure) throw this.failure;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
