// The zstd decoder on a thread of its own, which can be ended: on damaged data it may loop (nearly) for ever.
import { Worker } from 'node:worker_threads';
import type { JobFailure } from '../lib/job-failure.js';
import { invalidImage } from './image-failure.js';

/** Some hundred times what the slowest machine needs for the few blocks of one request. */
const PATIENCE_MS = 10_000;

// As text, because the thread must start from TypeScript in tests and from JavaScript in the product alike.
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { Decompress } = require(workerData);
  let blocks = [];
  const decoder = new Decompress((block) => blocks.push(block));
  parentPort.on('message', (data) => {
    try {
      decoder.push(data, data.length === 0);
    } catch (error) {
      return parentPort.postMessage(String(error.message));
    }
    const whole = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
    let at = 0;
    for (const block of blocks) {
      whole.set(block, at);
      at += block.length;
    }
    blocks = [];
    parentPort.postMessage(whole, [whole.buffer]);
  });
`;

interface Request {
  resolve(data: Buffer): void;
  reject(error: Error): void;
}

export class ZstdThread {
  private readonly worker = new Worker(THREAD, { eval: true, workerData: require.resolve('fzstd') });
  private readonly requests: Request[] = [];
  private failure?: JobFailure;
  private watchdog?: NodeJS.Timeout;

  constructor() {
    this.worker.on('message', (answer: Uint8Array | string) => {
      if (typeof answer === 'string') return this.fail(answer);
      this.requests.shift()?.resolve(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
      this.watch();
    });
    this.worker.on('error', (error: Error) => this.fail(error.message));
    this.worker.on('exit', () => this.fail('the decoder has ended'));
  }

  /**
   * Answers come in the order of the requests. The data is taken away from the caller. No data is the end: the decoder
   * keeps frames of less than 18 bytes until then.
   */
  decode(data: Uint8Array<ArrayBuffer>): Promise<Buffer> {
    if (this.failure) return Promise.reject(this.failure);
    const answer = new Promise<Buffer>((resolve, reject) => this.requests.push({ resolve, reject }));
    // Whoever waits for an earlier answer hears of a failure there.
    answer.catch(() => undefined);
    this.worker.postMessage(data, [data.buffer]);
    if (this.requests.length === 1) this.watch();
    return answer;
  }

  close(): void {
    clearTimeout(this.watchdog);
    void this.worker.terminate();
  }

  private watch(): void {
    clearTimeout(this.watchdog);
    if (this.requests.length > 0) this.watchdog = setTimeout(() => this.fail('it takes too long'), PATIENCE_MS);
  }

  private fail(why: string): void {
    this.failure ??= invalidImage(`a zstd layer cannot be decompressed (${why})`);
    for (const request of this.requests.splice(0)) request.reject(this.failure);
    this.close();
  }
}
