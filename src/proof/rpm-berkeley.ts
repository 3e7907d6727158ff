// rpm's database of the form "bdb" (up to RHEL 8): a Berkeley DB hash whose values are the headers
// (Berkeley DB, dbinc/db_page.h). Pages are read one after the other; no key is looked up.

const PAGE_HEADER_BYTES = 26;
const HASH_PAGES = [2, 13];
const OVERFLOW_PAGE = 7;
const [ON_PAGE, OFF_PAGE] = [1, 3];

/** Throws where the file is malformed. Byte-swapped files (big-endian machines) count as malformed. */
export function* berkeleyHashValues(file: Buffer): Generator<Buffer> {
  const pageBytes = file.readUInt32LE(20);
  if (![512, 1024, 2048, 4096, 8192, 16384, 32768, 65536].includes(pageBytes))
    throw new Error('its pages are malformed');
  const followed = new Set<number>();
  for (let start = pageBytes; start + pageBytes <= file.length; start += pageBytes) {
    const page = file.subarray(start, start + pageBytes);
    if (HASH_PAGES.includes(page[25]!)) yield* valuesOf(page, (from) => overflow(file, from, followed));
  }
}

/** Keys and values take turns; the items lie from the page's end towards its beginning. */
function* valuesOf(page: Buffer, follow: (item: Buffer) => Buffer): Generator<Buffer> {
  const entries = page.readUInt16LE(20);
  const item = (index: number): Buffer => {
    const start = page.readUInt16LE(PAGE_HEADER_BYTES + 2 * index);
    const end = index === 0 ? page.length : page.readUInt16LE(PAGE_HEADER_BYTES + 2 * (index - 1));
    if (start >= end) throw new Error('it has a malformed page');
    return page.subarray(start, end);
  };
  for (let index = 0; index + 1 < entries; index += 2) {
    const [key, value] = [item(index), item(index + 1)];
    // Number 0 holds no header, but the next free number.
    if (key[0] === ON_PAGE && key.length === 5 && key.readUInt32LE(1) === 0) continue;
    if (value[0] !== ON_PAGE && value[0] !== OFF_PAGE) throw new Error('it has a value of an unknown kind');
    yield value[0] === ON_PAGE ? value.subarray(1) : follow(value);
  }
}

function overflow(file: Buffer, item: Buffer, followed: Set<number>): Buffer {
  const pageBytes = file.readUInt32LE(20);
  const parts: Buffer[] = [];
  let missing = item.readUInt32LE(8);
  for (let number = item.readUInt32LE(4); missing > 0;) {
    if (followed.has(number)) throw new Error('it has a page in two places');
    followed.add(number);
    const page = file.subarray(number * pageBytes, (number + 1) * pageBytes);
    const used = page.readUInt16LE(22);
    if (page[25] !== OVERFLOW_PAGE || used > pageBytes - PAGE_HEADER_BYTES) throw new Error('it has a malformed page');
    parts.push(page.subarray(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + Math.min(used, missing)));
    missing -= Math.min(used, missing);
    number = page.readUInt32LE(16);
  }
  return Buffer.concat(parts);
}
