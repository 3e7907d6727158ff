// A reader of newc cpio archives for tests, written from the format's description and sharing nothing with the writer.

export interface CpioRecord {
  name: string;
  ino: number;
  mode: number;
  uid: number;
  gid: number;
  nlink: number;
  mtime: number;
  devMajor: number;
  devMinor: number;
  rdevMajor: number;
  rdevMinor: number;
  check: number;
  data: Buffer;
}

export function readCpio(archive: Buffer): CpioRecord[] {
  const records: CpioRecord[] = [];
  let at = 0;
  for (;;) {
    if (archive.toString('latin1', at, at + 6) !== '070701') throw new Error(`no header at ${at}`);
    const fields: number[] = [];
    for (let i = 0; i < 13; i++) {
      const digits = archive.toString('latin1', at + 6 + 8 * i, at + 14 + 8 * i);
      if (!/^[0-9a-f]{8}$/.test(digits)) throw new Error(`field ${i} at ${at} is ${digits}`);
      fields.push(parseInt(digits, 16));
    }
    const [ino, mode, uid, gid, nlink, mtime, size, devMajor, devMinor, rdevMajor, rdevMinor, nameSize, check] =
      fields as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
    const name = archive.toString('latin1', at + 110, at + 110 + nameSize - 1);
    if (archive[at + 110 + nameSize - 1] !== 0) throw new Error(`the name at ${at} has no end`);
    const dataAt = aligned(archive, at + 110 + nameSize);
    const data = archive.subarray(dataAt, dataAt + size);
    if (data.length !== size) throw new Error(`the data of ${name} is cut`);
    const numbers = { ino, mode, uid, gid, nlink, mtime, devMajor, devMinor, rdevMajor, rdevMinor, check };
    records.push({ name, ...numbers, data });
    at = aligned(archive, dataAt + size);
    if (name === 'TRAILER!!!') break;
  }
  if (archive.length % 512 !== 0 || archive.length - at >= 512)
    throw new Error('the archive is not padded to 512 bytes');
  if (archive.subarray(at).some((byte) => byte !== 0)) throw new Error('bytes follow the trailer');
  return records;
}

function aligned(archive: Buffer, position: number): number {
  const end = Math.ceil(position / 4) * 4;
  if (archive.subarray(position, end).some((byte) => byte !== 0)) throw new Error(`no zeros at ${position}`);
  return end;
}
