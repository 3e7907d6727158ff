import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { decodeCbor, encodeCbor } from '../../src/nitro/cbor.js';
import type { CborValue } from '../../src/nitro/cbor.js';
import { InvalidEif } from '../../src/nitro/invalid-eif.js';

const VECTORS = resolve(__dirname, '../../../shared/reference/nitro/vectors/cbor.json');
const decoded = (hex: string) => decodeCbor(Buffer.from(hex, 'hex'));

describe('CBOR', () => {
  it.each([
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['18ff', 255],
    ['190100', 256],
    ['1affffffff', 4294967295],
    ['26', -7],
    ['3822', -35],
    ['43010203', Buffer.from([1, 2, 3])],
    ['62c3bc', 'ü'],
    ['8201820203', [1, [2, 3]]],
    ['a10126', new Map([[1, -7]])],
  ] as [string, CborValue][])('%s is read and written', (hex, value) => {
    expect(decoded(hex)).toEqual(value);
    expect(encodeCbor(value).toString('hex')).toBe(hex);
  });

  it.each([
    ['that is empty', ''],
    ['with bytes after it', '0000'],
    ['that is cut', '430102'],
    ['with a list longer than the bytes', '9affffffff00'],
    ['with a map longer than the bytes', 'baffffffff0000'],
    ['with bytes longer than the bytes', '5affffffff00'],
    ['of indefinite length', '9f01ff'],
    ['with indefinite bytes', '5f4101ff'],
    ['with 64 bits', '1b0000000100000000'],
    ['with a reserved length', '1c'],
    ['with a long form of a short number', '1817'],
    ['with a longer form of a short number', '1900ff'],
    ['with the longest form of a short number', '1a0000ffff'],
    ['with a tag', 'd28440a04040'],
    ['with a float', 'f93c00'],
    ['with null', 'f6'],
    ['with a key twice', 'a201020103'],
    ['with a list as key', 'a18000'],
    ['with a text that is not UTF-8', '61ff'],
    ['nested too deep', '81'.repeat(10) + '00'],
    ['nested far too deep', '81'.repeat(30_000) + '00'],
  ])('%s is refused', (_what, hex) => {
    expect(() => decoded(hex)).toThrow(InvalidEif);
  });

  it('with more values than allowed is refused', () => {
    expect(() => decodeCbor(Buffer.from('8401010101', 'hex'), { depth: 2, values: 4 })).toThrow('too many values');
    expect(decodeCbor(Buffer.from('83010101', 'hex'), { depth: 2, values: 4 })).toEqual([1, 1, 1]);
  });

  it('from anywhere is read to the same bytes or refused, and never anything else', () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    const heads = fc.array(fc.constantFrom(0x81, 0xa1, 0x41, 0x18, 0x01, 0x20, 0x61), { maxLength: 20 });
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          heads.map((list) => Uint8Array.from(list)),
        ),
        (input) => {
          const buffer = Buffer.from(input);
          try {
            expect(encodeCbor(decodeCbor(buffer))).toEqual(buffer);
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidEif);
          }
        },
      ),
      { numRuns: 2000 * Number(process.env.TEST_SCALE ?? 1) },
    );
  });
});

(existsSync(VECTORS) ? describe : describe.skip)('published bytes', () => {
  it('are written for a PCR and for a signature section', () => {
    const { pcrInfo, signatureSection } = JSON.parse(readFileSync(VECTORS, 'utf8'));
    const pcr: CborValue = new Map<string, CborValue>([
      ['register_index', pcrInfo.register_index],
      ['register_value', [...Buffer.from(pcrInfo.register_value_hex, 'hex')]],
    ]);
    expect(encodeCbor(pcr).toString('hex')).toBe(pcrInfo.cbor_hex);
    const section: CborValue = [
      new Map<string, CborValue>([
        ['signing_certificate', [...Buffer.from(signatureSection.signing_certificate)]],
        ['signature', [...Buffer.from(signatureSection.signature_hex, 'hex')]],
      ]),
    ];
    expect(encodeCbor(section).toString('hex')).toBe(signatureSection.cbor_hex);
    expect(decoded(signatureSection.cbor_hex)).toEqual(section);
  });
});
