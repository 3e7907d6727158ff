// What has to be undone when the gateway stops, or when it could not start: in the reverse of the order it was done in.

export class Shutdown {
  private readonly controller = new AbortController();
  private readonly steps: (() => Promise<unknown>)[] = [];

  /** Aborted before the first step runs: whoever waits for something may answer now. */
  readonly signal = this.controller.signal;

  add(step: () => Promise<unknown>): void {
    this.steps.push(step);
  }

  /** Runs every step once, also when one before it failed; rejects with the first failure. */
  async run(): Promise<void> {
    this.controller.abort();
    const failures: unknown[] = [];
    for (const step of this.steps.splice(0).reverse()) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}
