// Texts of sources as they may be shown and kept: short, on one line, and without what a database does not take.

export function onOneLine(text: string, longest: number): string {
  const line = text
    .slice(0, 4 * longest)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  const shown = line.length > longest ? `${line.slice(0, longest)}...` : line;
  return shown.replace(/\p{Surrogate}/gu, '\ufffd');
}
