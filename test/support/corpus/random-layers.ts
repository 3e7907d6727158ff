// Layers of a few entries with few names, so that they meet often: they hide, replace, link to and lead through each
// other. Only what the specification leaves open is kept out.
import * as fc from 'fast-check';
import type { Member } from '../tar-builder.js';
import type { Members } from './image-content.js';

const MAX_ENTRIES = 9;
const path = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }).map((it) => it.join('/'));
const target = fc.oneof(path, path.map((it) => `/${it}`), path.map((it) => `../${it}`), fc.constantFrom('.', '..', '/'));

// Container runtimes give a file the attributes that its links are listed with, so all files have the same.
const shared = { mode: 0o640, uid: 1, gid: 2 };

const entry: fc.Arbitrary<Member> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ name: path, data: fc.constantFrom('', 'one', 'two') }).map((it) => ({ ...it, ...shared })) },
  {
    weight: 5,
    arbitrary: fc.record({ name: path.map((it) => `${it}/`), mode: fc.constantFrom(0o755, 0o1777, 0o700), gid: fc.nat(3) }),
  },
  { weight: 3, arbitrary: fc.record({ name: path, link: target }).map((it) => ({ ...it, ...shared })) },
  { weight: 3, arbitrary: fc.record({ name: path, link: path }).map((it) => ({ ...it, ...shared, flag: '1' })) },
  { weight: 1, arbitrary: path.map((name) => ({ name, flag: '6', ...shared })) },
  { weight: 4, arbitrary: path.map((name) => ({ name: markerOf(name) })) },
  { weight: 2, arbitrary: path.map((name) => ({ name: `${name}/.wh..wh..opq` })) },
);

function markerOf(name: string): string {
  const slash = name.lastIndexOf('/') + 1;
  return `${name.slice(0, slash)}.wh.${name.slice(slash)}`;
}

const bareName = ({ name }: Member): string => name.replace(/\/$/, '');
const layer = fc.uniqueArray(entry, { selector: bareName, maxLength: MAX_ENTRIES });

export const randomLayers: fc.Arbitrary<Members[]> = fc.array(layer, { minLength: 2, maxLength: 3 });
