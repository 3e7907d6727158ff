// Reads a WWW-Authenticate header (RFC 9110, 11.6.1). A registry controls it, so it is scanned in one pass.

export interface Challenge {
  /** In lower case. */
  scheme: string;
  parameters: Record<string, string>;
}

const SCHEME = /[\s,]*([A-Za-z]+)(?=\s|,|$)/y;
/** More than HTTP clients take as headers; a regular expression's stack is bounded too. */
const MAX_LENGTH = 64 * 1024;
const PARAMETER = /[\s,]*([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/y;

export function parseChallenges(header: string | string[] | undefined): Challenge[] {
  const text = [header ?? []].flat().join(', ').slice(0, MAX_LENGTH);
  const challenges: Challenge[] = [];
  for (let at = 0; at < text.length;) {
    PARAMETER.lastIndex = SCHEME.lastIndex = at;
    const parameter = PARAMETER.exec(text);
    if (parameter) {
      const [, name = '', quoted, plain] = parameter;
      const current = challenges.at(-1);
      if (current) current.parameters[name.toLowerCase()] = plain ?? (quoted ?? '').replace(/\\(.)/g, '$1');
      at = PARAMETER.lastIndex;
      continue;
    }
    const scheme = SCHEME.exec(text);
    if (!scheme) break;
    challenges.push({ scheme: scheme[1]!.toLowerCase(), parameters: {} });
    at = SCHEME.lastIndex;
  }
  return challenges;
}
