// PAX extended headers: records of the form `length key=value\n` that override fields of the entry they precede.
import { invalidImage, quoteName } from './image-failure.js';

/** What a PAX header can say about an entry; anything else in it (comments, say) has no place in a cpio. */
export interface PaxFields {
  path?: string;
  link?: string;
  size?: number;
  mtime?: number;
  uid?: number;
  gid?: number;
  /** Whether the entry has extended attributes, and capabilities among them: a cpio loses both, so they are counted. */
  xattrs?: boolean;
  capabilities?: boolean;
}

/** As GNU tar, Go and docker write them, and as libarchive does. */
const XATTR_KEY = /^(?:SCHILY|LIBARCHIVE)\.xattr\./;

export function parsePax(data: Buffer): PaxFields {
  const fields: PaxFields = {};
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(0x20, at);
    const digits = space < 0 || space - at > 10 ? '' : data.toString('latin1', at, space);
    const end = /^[0-9]+$/.test(digits) ? at + Number(digits) : 0;
    const equals = data.indexOf(0x3d, space);
    if (end <= space + 1 || end > data.length || equals < 0 || equals >= end || data[end - 1] !== 0x0a) {
      throw invalidImage('a layer has a malformed PAX header');
    }
    setField(fields, data.toString('latin1', space + 1, equals), data.subarray(equals + 1, end - 1));
    at = end;
  }
  return fields;
}

/** A global header stands for all entries that follow, which no path and no size can do. */
export function parseGlobalPax(data: Buffer, before: PaxFields): PaxFields {
  const fields = parsePax(data);
  if (fields.path !== undefined || fields.link !== undefined || fields.size !== undefined) {
    throw invalidImage('a layer has a global PAX header that names a path or a size');
  }
  return { ...before, ...fields };
}

function setField(fields: PaxFields, key: string, value: Buffer): void {
  if (key.startsWith('GNU.sparse.')) throw sparseRefused();
  if (XATTR_KEY.test(key)) fields.xattrs = true;
  if (key.endsWith('.xattr.security.capability')) fields.capabilities = true;
  // An empty value takes the override back: the header's own field counts again.
  if (key === 'path') fields.path = text(value, key);
  else if (key === 'linkpath') fields.link = text(value, key);
  else if (key === 'size') fields.size = integer(value, key);
  else if (key === 'mtime') fields.mtime = integer(value, key);
  else if (key === 'uid') fields.uid = integer(value, key);
  else if (key === 'gid') fields.gid = integer(value, key);
}

export function sparseRefused(): Error {
  return invalidImage('a layer holds a sparse file', 'Build the image with a tool that writes plain tar layers.');
}

function text(value: Buffer, key: string): string | undefined {
  if (value.includes(0))
    throw invalidImage(`a layer has a PAX ${key} with a NUL byte: ${quoteName(value.toString('latin1'))}`);
  return value.length === 0 ? undefined : value.toString('latin1');
}

// Times may have a fraction; whole seconds are what a cpio can hold, rounded down as Go's Time.Unix does.
function integer(value: Buffer, key: string): number | undefined {
  const digits = value.toString('latin1', 0, 64);
  if (digits === '') return undefined;
  const wanted = key === 'mtime' ? /^-?[0-9]{1,18}(\.[0-9]*)?$/ : /^[0-9]{1,18}$/;
  if (!wanted.test(digits)) throw invalidImage(`a layer has a PAX ${key} that is not a number`);
  return Math.floor(Number(digits));
}
