// Chance that can be had again: numbers that follow from a seed.

export type Random = () => number;

/** Numbers from 0 to below 1 (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const rest = [...items];
  return Array.from(items, () => rest.splice(Math.floor(random() * rest.length), 1)[0]!);
}
