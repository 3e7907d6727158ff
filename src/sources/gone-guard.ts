// Whether what an import did not see is believed to be gone. An empty or a short answer is more often a defect of the
// source, or a login that may see less than before, than the end of most of its builds.

/** So many may go at once whatever they are a part of. */
const FEW = 20;
/** More than this part of all is not believed at once. */
const PART = 1 / 4;
/** What was missing for so long is gone. */
const HELD_MS = 24 * 3_600_000;

export interface Missing {
  /** Builds that are known and not gone; how many of them the run saw. */
  known: number;
  seen: number;
  /** Since when so many are missing; null where the imports before saw them. */
  heldSince: Date | null;
  /** Whether a person asked for the import. */
  isByHand: boolean;
}

/** Whether they stay for now: until somebody imports by hand, or they are missing for a day. */
export function isHeld({ known, seen, heldSince, isByHand }: Missing, now: Date): boolean {
  const missing = known - seen;
  const isMuch = (seen === 0 && missing > 0) || (missing > FEW && missing > known * PART);
  if (!isMuch) return false;
  return heldSince === null || !(isByHand || now.getTime() - heldSince.getTime() >= HELD_MS);
}
