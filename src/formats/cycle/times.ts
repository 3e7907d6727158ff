// Times as Cycle has them: RFC 3339, and Go's zero time for what did not happen.
export const ZERO_TIME = '0001-01-01T00:00:00Z';

export const toWireTime = (time: Date | null | undefined): string => time?.toISOString() ?? ZERO_TIME;

/** Undefined for what is no time, the zero time included. */
export function fromWireTime(value: unknown): Date | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isFinite(time) && time > 0 ? new Date(time) : undefined;
}
