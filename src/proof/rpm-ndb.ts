// rpm's database of the form "ndb" (SUSE): pages of slots, then blobs (rpm, lib/backend/ndb/rpmpkg.c).

const PAGE_BYTES = 4096;
const SLOT_BYTES = 16;
const BLOCK_BYTES = 16;
const HEADER_BYTES = 32;

/** Throws where the file is malformed. */
export function* ndbBlobs(file: Buffer): Generator<Buffer> {
  if (file.readUInt32LE(4) !== 0) throw new Error('its version is unknown');
  const slotsEnd = file.readUInt32LE(12) * PAGE_BYTES;
  for (let slot = HEADER_BYTES; slot < slotsEnd; slot += SLOT_BYTES) {
    if (file.toString('latin1', slot, slot + 4) !== 'Slot') throw new Error('it has a malformed slot');
    const at = file.readUInt32LE(slot + 8) * BLOCK_BYTES;
    if (at === 0) continue;
    if (file.toString('latin1', at, at + 4) !== 'BlbS') throw new Error('it has a malformed blob');
    const [start, length] = [at + 16, file.readUInt32LE(at + 12)];
    if (start + length > file.length) throw new Error('it is truncated');
    yield file.subarray(start, start + length);
  }
}
