import { ZstdSplitter } from '../../src/oci/zstd-frames.js';

/** A frame of raw blocks, which needs no compressor. */
function frameOf(blocks: Buffer[]): Buffer {
  const parts = blocks.flatMap((block, index) => {
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | Number(index === blocks.length - 1), 0, 3);
    return [header, block];
  });
  return Buffer.concat([Buffer.from('28b52ffd0038', 'hex'), ...parts]);
}

describe('ZstdSplitter', () => {
  const block = Buffer.alloc(100_000, 'x');
  const frame = frameOf([block, block]);

  it.each([1, 2, 100, 99_999, 100_003, 1_000_000])('gives header and blocks from pieces of %d bytes', (size) => {
    const splitter = new ZstdSplitter();
    const units: Buffer[] = [];
    for (let at = 0; at < frame.length; at += size) units.push(...splitter.split(frame.subarray(at, at + size)));
    splitter.end();
    expect(units.map((unit) => unit.length)).toEqual([6, 100_003, 100_003]);
    expect(Buffer.concat(units).equals(frame)).toBe(true);
  });

  it('copies each byte a few times only, however small the pieces are', () => {
    const concat = jest.spyOn(Buffer, 'concat');
    const splitter = new ZstdSplitter();
    for (let at = 0; at < frame.length; at += 10) Array.from(splitter.split(frame.subarray(at, at + 10)));
    const copied = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
    concat.mockRestore();
    expect(copied).toBeLessThan(3 * frame.length);
  });
});
