// What tests of parsers with bytes thought up by chance share.
import * as fc from 'fast-check';

export const SCALE = Number(process.env.TEST_SCALE ?? 1);
export const few = { numRuns: 200 * SCALE };
const SOON_MS = 1_000;

/** The result, or the code of the failure that is one of those expected; anything else is thrown. */
export function settled<T>(parse: () => T, ...failures: (abstract new (...args: never[]) => Error)[]): T | string {
  try {
    return parse();
  } catch (error) {
    if (failures.some((failure) => error instanceof failure)) return (error as Error & { code: string }).code;
    throw error;
  }
}

/** Measured in time of the processor, since the machine may be busy with other tests. */
export function soon<T>(work: () => T): T {
  const started = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1000).toBeLessThan(SOON_MS);
  return result;
}

/** Cuts at chosen places, wherever these are. */
export function cutInto(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, at) => bytes.subarray(from, places[at] ?? bytes.length));
}

export const cuts = fc.array(fc.nat(1_000_000), { maxLength: 30 });

/** Bytes of a valid document with some of them changed, removed, doubled or put in. */
export function damaged(originals: Buffer[]): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.nat(1_000_000),
    kind: fc.constantFrom('set', 'remove', 'double', 'insert'),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  });
  return fc.tuple(fc.constantFrom(...originals), fc.array(change, { maxLength: 6 })).map(([original, changes]) => {
    let bytes = Buffer.from(original);
    for (const { at, kind, bytes: others } of changes) {
      const place = at % (bytes.length + 1);
      const end = Math.min(place + others.length, bytes.length);
      if (kind === 'set') bytes.set(others.slice(0, end - place), place);
      else if (kind === 'remove') bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(end)]);
      else if (kind === 'double') bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(place)]);
      else bytes = Buffer.concat([bytes.subarray(0, place), others, bytes.subarray(place)]);
    }
    return bytes;
  });
}

export const anyBytes = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));
