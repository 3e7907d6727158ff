// The CRC-32 of two parts one after the other, from the CRC-32 of each: no byte has to be read again.
// Bits stand for polynomials over GF(2), the lowest power in the highest bit, as zlib's checksum keeps them.

const POLYNOMIAL = 0xedb88320;
const ONE = 0x8000_0000;
const X = 0x4000_0000;

/** x to the power of 2^n; the powers repeat after 32 of them. */
const SQUARES: number[] = [X];
for (let n = 1; n < 32; n++) SQUARES.push(multiply(SQUARES[n - 1]!, SQUARES[n - 1]!));

/**
 * @param crcA of the first part, @param crcB of the second (as `zlib.crc32` gives them)
 * @param lengthB bytes of the second part, up to 2^53 - 1
 */
export function crc32Combine(crcA: number, crcB: number, lengthB: number): number {
  if (!Number.isSafeInteger(lengthB) || lengthB < 0) throw new RangeError(`There is no length ${lengthB}.`);
  // The first part is shifted by 8 bits for each byte of the second: x to the power of 8 times the length.
  let shift = ONE;
  for (let rest = lengthB, n = 3; rest > 0; rest = Math.floor(rest / 2), n++) {
    if (rest % 2 === 1) shift = multiply(shift, SQUARES[n % 32]!);
  }
  return (multiply(shift, crcA) ^ crcB) >>> 0;
}

function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) product ^= b;
    b = b & 1 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return product >>> 0;
}
