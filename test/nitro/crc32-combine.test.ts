import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { crc32Combine } from '../../src/nitro/crc32-combine.js';

describe('the checksum of two parts', () => {
  it("is zlib's of both together, wherever they are parted", () => {
    const bytes = fc.uint8Array({ maxLength: 2000 });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const both = crc32(Buffer.concat([a, b]));
        expect(crc32Combine(crc32(Buffer.from(a)), crc32(Buffer.from(b)), b.length)).toBe(both);
      }),
    );
  });

  it('is right for parts of any length', () => {
    // Zeros: the checksum of so many of them is known from their halves.
    let [length, ofZeros] = [1, crc32(Buffer.alloc(1))];
    while (length < 2 ** 24) {
      ofZeros = crc32Combine(ofZeros, ofZeros, length);
      length *= 2;
    }
    expect(ofZeros).toBe(crc32(Buffer.alloc(2 ** 24)));
    const large = crc32Combine(1, 2, 2 ** 40 + 5);
    expect(large).toBe(crc32Combine(crc32Combine(1, 0, 2 ** 40), 2, 5));
    expect(crc32Combine(7, 0, 0)).toBe(7);
    expect(() => crc32Combine(0, 0, -1)).toThrow(RangeError);
  });

  it('gives the checksum of an EIF with another header and a section more, without its data', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const crcOf = (...parts: Uint8Array[]) => crc32(Buffer.concat(parts));
    fc.assert(
      fc.property(bytes, bytes, bytes, bytes, (header, body, otherHeader, section) => {
        // What the first part adds is taken away the same way.
        const ofBody = crc32Combine(crcOf(header), crcOf(header, body), body.length);
        expect(ofBody).toBe(crcOf(body));
        const ofParts = crc32Combine(crcOf(otherHeader), ofBody, body.length);
        const whole = crc32Combine(ofParts, crcOf(section), section.length);
        expect(whole).toBe(crcOf(otherHeader, body, section));
      }),
    );
  });
});
