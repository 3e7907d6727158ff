// Ids made here: UUIDv7 (sortable by time) for everything but jobs, whose ids Cycle's clients want as 24 hex digits.
import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';

export const newId = (): string => v7();

/** Four bytes of seconds and eight random ones, so that ids made later sort later. */
export function newHexId(): string {
  const seconds = Buffer.alloc(4);
  seconds.writeUInt32BE(Math.floor(Date.now() / 1000));
  return Buffer.concat([seconds, randomBytes(8)]).toString('hex');
}

/** Of any version, in either case. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
export const isHexId = (text: string): boolean => /^[0-9a-f]{24}$/.test(text);
