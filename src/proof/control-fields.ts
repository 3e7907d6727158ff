// The text form that dpkg, apk and Python share: stanzas of `Name: value` lines, parted by empty lines.

/**
 * The wanted fields of each stanza that has any of them. A name counts as written, its first value wins, and the
 * further lines of a value, which begin with a space, are left out.
 */
export function* readStanzas(bytes: Buffer, wanted: readonly string[]): Generator<Map<string, string>> {
  let stanza = new Map<string, string>();
  for (const line of linesOf(bytes)) {
    if (line === '') {
      if (stanza.size > 0) yield stanza;
      stanza = new Map();
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (wanted.includes(name) && !stanza.has(name)) stanza.set(name, line.slice(colon + 1).trim());
  }
  if (stanza.size > 0) yield stanza;
}

/** One after the other: a list of all of them would take many times what the file does. */
function* linesOf(bytes: Buffer): Generator<string> {
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    const last = bytes[end - 1] === 0x0d && end > start ? end - 1 : end;
    yield bytes.toString('utf8', start, Math.min(last, start + MAX_LINE_BYTES));
    start = end + 1;
  }
}

const MAX_LINE_BYTES = 4096;
