// Writes tar archives (ustar) whose every byte follows from their content: no owner, and the time is 1970.

const BLOCK_BYTES = 512;

/** @param typeFlag `0` for a file, `5` for a directory; the name fits into 100 bytes */
export function tarHeader(name: string, typeFlag: string, mode: number, size: number): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0, 'latin1');
  header.write(octal(mode, 8), 100, 'latin1');
  header.write(octal(0, 8), 108, 'latin1');
  header.write(octal(0, 8), 116, 'latin1');
  sizeField(size).copy(header, 124);
  header.write(octal(0, 12), 136, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  header.write(typeFlag, 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(octal(0, 8), 329, 'latin1');
  header.write(octal(0, 8), 337, 'latin1');
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** What follows data of this size. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}

export function tarEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK_BYTES);
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

// Eleven octal digits end at 8 GiB; beyond, GNU's binary form says it.
function sizeField(size: number): Buffer {
  const field = Buffer.alloc(12);
  if (size < 8 ** 11) {
    field.write(octal(size, 12), 'latin1');
  } else {
    field.writeUInt8(0x80, 0);
    field.writeBigUInt64BE(BigInt(size), 4);
  }
  return field;
}
