// Which distribution an image is of, from its os-release: packages of the same name differ between them.

export interface Distribution {
  /** In lower case: `debian`, `alpine`, `rhel` ... */
  id: string;
  versionId?: string;
}

const TOKEN = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Undefined where the file names none. The last value of a name counts, as in a shell. */
export function parseOsRelease(text: string): Distribution | undefined {
  const values = new Map<string, string>();
  for (const [, name, value] of text.matchAll(/^(ID|VERSION_ID)=(.*)$/gm)) {
    values.set(name!, value!.trim().replace(/^(["'])(.*)\1$/, '$2'));
  }
  const id = values.get('ID')?.toLowerCase() ?? '';
  const versionId = values.get('VERSION_ID')?.toLowerCase() ?? '';
  if (!TOKEN.test(id)) return undefined;
  return TOKEN.test(versionId) ? { id, versionId } : { id };
}
