// rpm's database of the form "sqlite" (today's): a read-only walk through one table of an SQLite file
// (sqlite.org/fileformat2.html). No page is used twice, so that the walk ends.

const [INTERIOR, LEAF] = [5, 13];
const MAX_TABLES = 1000;
const MAX_COLUMNS = 100;

/** The first blob of each row of a table. Throws where the file is malformed or has no such table. */
export function* sqliteBlobs(file: Buffer, table: string): Generator<Buffer> {
  const pages = new Pages(file);
  for (const row of rows(pages, rootOf(pages, table))) {
    for (const { kind, bytes } of columns(row)) {
      if (kind !== 'blob') continue;
      yield bytes;
      break;
    }
  }
}

/** Page numbers begin with 1. */
class Pages {
  private readonly used = new Set<number>();
  private readonly pageBytes: number;
  /** Without what is reserved at the end of each page. */
  readonly usable: number;

  constructor(private readonly file: Buffer) {
    const told = file.readUInt16BE(16);
    this.pageBytes = told === 1 ? 65_536 : told;
    this.usable = this.pageBytes - file.readUInt8(20);
    const isPower = (this.pageBytes & (this.pageBytes - 1)) === 0;
    if (this.pageBytes < 512 || !isPower || this.usable < 480) throw new Error('its pages are malformed');
  }

  get fileBytes(): number {
    return this.file.length;
  }

  take(number: number): Buffer {
    const start = (number - 1) * this.pageBytes;
    if (number < 1 || start + this.pageBytes > this.file.length) throw new Error('it is truncated');
    if (this.used.has(number)) throw new Error('it has a page in two places');
    this.used.add(number);
    return this.file.subarray(start, start + this.usable);
  }
}

function rootOf(pages: Pages, table: string): number {
  let tables = 0;
  for (const row of rows(pages, 1)) {
    if (++tables > MAX_TABLES) break;
    const [type, name, , root] = [...columns(row)];
    if (type?.bytes.toString() !== 'table' || name?.bytes.toString() !== table || !root) continue;
    if (root.bytes.length >= 1 && root.bytes.length <= 6) return root.bytes.readUIntBE(0, root.bytes.length);
  }
  throw new Error(`it has no table ${table}`);
}

function* rows(pages: Pages, root: number): Generator<Buffer> {
  const todo = [root];
  for (let number = todo.pop(); number !== undefined; number = todo.pop()) {
    const page = pages.take(number);
    const header = number === 1 ? 100 : 0;
    const kind = page[header];
    if (kind !== INTERIOR && kind !== LEAF) throw new Error('it has a malformed page');
    const cells = page.readUInt16BE(header + 3);
    const pointers = header + (kind === INTERIOR ? 12 : 8);
    const children = kind === INTERIOR ? [page.readUInt32BE(header + 8)] : [];
    for (let cell = 0; cell < cells; cell++) {
      const at = page.readUInt16BE(pointers + 2 * cell);
      if (kind === LEAF) yield payload(pages, page, at);
      else children.push(page.readUInt32BE(at));
    }
    todo.push(...children);
  }
}

/** What does not fit into a page goes on in a chain of others (fileformat2, section 1.6). */
function payload(pages: Pages, page: Buffer, at: number): Buffer {
  const size = varint(page, at);
  if (size.value > pages.fileBytes) throw new Error('it has a row that is larger than it');
  const start = varint(page, size.end).end;
  const most = pages.usable - 35;
  const least = Math.floor(((pages.usable - 12) * 32) / 255) - 23;
  const fitting = least + ((size.value - least) % (pages.usable - 4));
  const local = size.value <= most ? size.value : fitting <= most ? fitting : least;
  if (start + local > page.length) throw new Error('it has a malformed row');
  const parts = [page.subarray(start, start + local)];
  let missing = size.value - local;
  for (let next = missing > 0 ? page.readUInt32BE(start + local) : 0; missing > 0;) {
    const more = pages.take(next);
    parts.push(more.subarray(4, 4 + missing));
    missing -= Math.min(missing, more.length - 4);
    next = more.readUInt32BE(0);
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function* columns(row: Buffer): Generator<{ kind: 'blob' | 'other'; bytes: Buffer }> {
  const header = varint(row, 0);
  let at = header.value;
  let count = 0;
  for (let place = header.end; place < header.value;) {
    if (++count > MAX_COLUMNS) throw new Error('it has a malformed row');
    const type = varint(row, place);
    const bytes = columnBytes(type.value);
    if (at + bytes > row.length) throw new Error('it has a malformed row');
    yield { kind: type.value >= 12 && type.value % 2 === 0 ? 'blob' : 'other', bytes: row.subarray(at, at + bytes) };
    at += bytes;
    place = type.end;
  }
}

function columnBytes(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][type]!;
}

function varint(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start; at < start + 8; at++) {
    const byte = bytes.readUInt8(at);
    value = value * 128 + (byte & 0x7f);
    if (byte < 128) return { value, end: at + 1 };
  }
  return { value: value * 256 + bytes.readUInt8(start + 8), end: start + 9 };
}
