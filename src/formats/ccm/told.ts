// Reads documents of a CCM that may be newer, older or broken: a member that is not of the type it should be counts as
// left out, so that one odd part costs no more than itself.

export const textOr = (value: unknown, longest = 4_096): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= longest ? value : undefined;

export const integerOr = (
  value: unknown,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined;

export const booleanOr = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);

export const textsOr = (value: unknown): string[] | undefined =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;

/** Seconds since 1970. */
export const timeOr = (value: unknown): Date | undefined => {
  const seconds = typeof value === 'number' && Math.abs(value) < MAX_SECONDS ? Math.floor(value) : undefined;
  return seconds === undefined ? undefined : new Date(seconds * 1000);
};

const MAX_SECONDS = 8_640_000_000_000;

/** What a mapping makes of a part; undefined where the part is not what it expects. */
export function partOr<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
