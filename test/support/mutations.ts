// Files as a hostile or broken sender might give them: bytes changed, cut out, doubled, at places that matter.
import fc from 'fast-check';

export interface Mutation {
  at: number;
  kind: 'byte' | 'word' | 'cut' | 'drop' | 'double' | 'zeros';
  value: number;
}

const INTERESTING = [0, 1, 0x30, 0x39, 0x7f, 0x80, 0xff];

/** @param places offsets where structure stands, which are hit as often as all others together */
export function mutations(length: number, places: number[]): fc.Arbitrary<Mutation[]> {
  const near = fc.tuple(fc.constantFrom(...places), fc.integer({ min: 0, max: 24 })).map(([at, more]) => at + more);
  const anywhere = fc.integer({ min: 0, max: length - 1 });
  const mutation = fc.record({
    at: fc.oneof(near, anywhere),
    kind: fc.constantFrom<Mutation['kind']>('byte', 'byte', 'byte', 'word', 'cut', 'drop', 'double', 'zeros'),
    value: fc.oneof(fc.constantFrom(...INTERESTING), fc.integer({ min: 0, max: 255 })),
  });
  return fc.array(mutation, { minLength: 1, maxLength: 4 });
}

export function mutated(bytes: Buffer, list: Mutation[]): Buffer {
  let result = Buffer.from(bytes);
  for (const { at, kind, value } of list) {
    if (at >= result.length) continue;
    const [before, after] = [result.subarray(0, at), result.subarray(at)];
    if (kind === 'byte') result[at] = value;
    else if (kind === 'word') result.fill(value, at, Math.min(at + 8, result.length));
    else if (kind === 'zeros') result.fill(0, at, Math.min(at + value, result.length));
    else if (kind === 'cut') result = Buffer.from(before);
    else if (kind === 'drop') result = Buffer.concat([before, after.subarray(1 + (value % 16))]);
    else result = Buffer.concat([before, after.subarray(0, 1 + value), after]);
  }
  return result;
}
