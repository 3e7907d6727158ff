// The little CBOR (RFC 8949) that the signature of an EIF is made of: numbers, bytes, text, lists and maps.
// Written in the shortest form, as AWS's tools do; read from anywhere, so strictly and with bounds.
import { InvalidEif } from './invalid-eif.js';

export type CborValue = number | string | Buffer | CborValue[] | CborMap;
export type CborMap = Map<number | string, CborValue>;

const Major = { UNSIGNED: 0, NEGATIVE: 1, BYTES: 2, TEXT: 3, LIST: 4, MAP: 5 } as const;

export function encodeCbor(value: CborValue): Buffer {
  const parts: Buffer[] = [];
  encodeInto(parts, value);
  return Buffer.concat(parts);
}

function encodeInto(parts: Buffer[], value: CborValue): void {
  if (typeof value === 'number') {
    parts.push(value < 0 ? head(Major.NEGATIVE, -1 - value) : head(Major.UNSIGNED, value));
  } else if (typeof value === 'string' || Buffer.isBuffer(value)) {
    const bytes = Buffer.from(value as string);
    parts.push(head(typeof value === 'string' ? Major.TEXT : Major.BYTES, bytes.length), bytes);
  } else if (Array.isArray(value)) {
    parts.push(head(Major.LIST, value.length));
    for (const item of value) encodeInto(parts, item);
  } else {
    parts.push(head(Major.MAP, value.size));
    for (const pair of value) for (const item of pair) encodeInto(parts, item);
  }
}

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 0x100) return Buffer.from([(major << 5) | 24, value]);
  if (value < 0x1_0000) return Buffer.from([(major << 5) | 25, value >> 8, value & 0xff]);
  const wide = Buffer.from([(major << 5) | 26, 0, 0, 0, 0]);
  wide.writeUInt32BE(value, 1);
  return wide;
}

export interface CborLimits {
  /** Lists and maps in each other. */
  depth: number;
  /** Values of all kinds; none takes less than a byte. */
  values: number;
}

const DEFAULT_LIMITS: CborLimits = { depth: 8, values: 100_000 };

/**
 * One value that takes all of the bytes. Numbers have at most 32 bits; indefinite lengths, tags, floats, numbers
 * that are not in their shortest form and keys that stand twice are refused.
 */
export function decodeCbor(bytes: Buffer, limits: CborLimits = DEFAULT_LIMITS): CborValue {
  const decoder = new CborDecoder(bytes, limits.values);
  const value = decoder.value(limits.depth);
  if (!decoder.atEnd) throw new InvalidEif('bytes follow its CBOR');
  return value;
}

class CborDecoder {
  private at = 0;

  constructor(
    private readonly bytes: Buffer,
    private valuesLeft: number,
  ) {}

  get atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  value(depth: number): CborValue {
    if (this.valuesLeft-- <= 0) throw new InvalidEif('its CBOR has too many values');
    const first = this.take(1)[0]!;
    const major = first >> 5;
    const argument = this.argument(first & 31);
    if (major === Major.UNSIGNED) return argument;
    if (major === Major.NEGATIVE) return -1 - argument;
    // A part of the section would keep the whole of it in memory; and nobody else may change it.
    if (major === Major.BYTES) return Buffer.from(this.take(argument));
    if (major === Major.TEXT) return this.text(argument);
    if (depth <= 0) throw new InvalidEif('its CBOR is nested too deep');
    if (major === Major.LIST) return this.list(argument, depth);
    if (major === Major.MAP) return this.map(argument, depth);
    throw new InvalidEif('its CBOR has a tag or a simple value');
  }

  private argument(info: number): number {
    if (info < 24) return info;
    if (info > 26) throw new InvalidEif('its CBOR has a number of 64 bits or an indefinite length');
    const width = 1 << (info - 24);
    const value = this.take(width).readUIntBE(0, width);
    const shortest = value >= 24 && (width === 1 || value >= 2 ** (4 * width));
    if (!shortest) throw new InvalidEif('its CBOR has a number that is not in its shortest form');
    return value;
  }

  private text(length: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.take(length));
    } catch (error) {
      if (error instanceof InvalidEif) throw error;
      throw new InvalidEif('its CBOR has a text that is not UTF-8');
    }
  }

  private list(length: number, depth: number): CborValue[] {
    const items: CborValue[] = [];
    while (items.length < length) items.push(this.value(depth - 1));
    return items;
  }

  private map(length: number, depth: number): CborMap {
    const map: CborMap = new Map();
    while (map.size < length) {
      const key = this.value(depth - 1);
      if (typeof key !== 'number' && typeof key !== 'string') throw new InvalidEif('its CBOR has an odd key');
      if (map.has(key)) throw new InvalidEif('its CBOR has a key twice');
      map.set(key, this.value(depth - 1));
    }
    return map;
  }

  private take(length: number): Buffer {
    if (length > this.bytes.length - this.at) throw new InvalidEif('its CBOR is cut');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}
