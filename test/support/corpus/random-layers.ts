// Layers of a few entries with few names, so that they meet often: they hide, replace, link to and lead through each
// other. Only what the specification leaves open is kept out.
import * as fc from 'fast-check';
import type { Member } from '../tar-builder.js';
import type { Members } from './image-content.js';

const MAX_ENTRIES = 9;
/** Mostly each kind has names of its own; where it has not, things become each other or are refused. */
const leaf = (own: string[], others: string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...own) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const folders = fc.array(leaf(['a', 'b'], ['l']), { maxLength: 2 });
const below = (last: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(folders, last).map(([parents, name]) => [...parents, name].join('/'));
const filePath = below(leaf(['f', 'g'], ['a', 'b', 'l']));
const folderPath = below(leaf(['a', 'b'], ['f', 'l']));
const linkPath = below(leaf(['l'], ['f', 'g']));
const anyPath = fc.oneof(filePath, folderPath, linkPath);
const target = fc.oneof(
  anyPath,
  anyPath.map((it) => `/${it}`),
  anyPath.map((it) => `../${it}`),
  fc.constantFrom('.', '..', '/'),
);

// Container runtimes give a file the attributes that its links are listed with, so all files have the same.
const shared = { mode: 0o640, uid: 1, gid: 2 };

const entry: fc.Arbitrary<Member> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ name: filePath, data: fc.constantFrom('', 'one', 'two') })
      .map((it) => ({ ...it, ...shared })),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      name: folderPath.map((it) => `${it}/`),
      mode: fc.constantFrom(0o755, 0o1777, 0o700),
      gid: fc.nat(3),
    }),
  },
  { weight: 3, arbitrary: fc.record({ name: linkPath, link: target }).map((it) => ({ ...it, ...shared })) },
  {
    weight: 3,
    arbitrary: fc
      .record({ name: filePath, link: fc.nat(9).map(String) })
      .map((it) => ({ ...it, ...shared, flag: '1' })),
  },
  { weight: 1, arbitrary: filePath.map((name) => ({ name, flag: '6', ...shared })) },
  { weight: 4, arbitrary: anyPath.map((name) => ({ name: markerOf(name) })) },
  { weight: 2, arbitrary: folderPath.map((name) => ({ name: `${name}/.wh..wh..opq` })) },
);

function markerOf(name: string): string {
  const slash = name.lastIndexOf('/') + 1;
  return `${name.slice(0, slash)}.wh.${name.slice(slash)}`;
}

const bareName = ({ name }: Member): string => name.replace(/\/$/, '');
const isMarker = ({ name }: Member): boolean => /(?:^|\/)\.wh\./.test(name);
/** Whether it stands at a name that symlinks have. */
const isAtLink = (member: Member): boolean => !isMarker(member) && /[lfg]$/.test(bareName(member));
const entries = fc.uniqueArray(entry, { selector: bareName, maxLength: MAX_ENTRIES }).map(withoutOpenMarkers);

// Where a marker hides a folder of which the same layer lists children only, it is open whose attributes the folder
// has in the end; where it hides what a hard link before it names, whether that is still there. So either the markers
// stand first, or all folders are listed and there are no hard links.
const layer = fc.oneof(
  entries.map((members) => [...members.filter(isMarker), ...members.filter((member) => !isMarker(member))]),
  entries.map((members) => withFolders(members.filter(({ flag }) => flag !== '1'))),
);

// Whether a marker hides anything below a symlink that its own layer brings or replaces is open, too.
function withoutOpenMarkers(members: Member[]): Member[] {
  const links = members.filter(isAtLink).map((member) => `${bareName(member)}/`);
  return members.filter((member) => !isMarker(member) || !links.some((link) => member.name.includes(link)));
}

function withFolders(members: Member[]): Member[] {
  const seen = new Set<string>();
  return members.flatMap((member) => {
    const parents = bareName(member).split('/').slice(0, -1);
    const names = parents.map((_, at) => parents.slice(0, at + 1).join('/')).filter((name) => !seen.has(name));
    names.forEach((name) => seen.add(name));
    if (seen.has(bareName(member))) return [];
    seen.add(bareName(member));
    return [...names.map((name) => ({ name: `${name}/` })), member];
  });
}

// A hard link names its target by a number first: some file that stands before it, which mostly is still there.
function withTargets(layers: Members[]): Members[] {
  const files: string[] = [];
  return layers.map((members) =>
    (members as Member[]).flatMap((member) => {
      if (member.data !== undefined) files.push(member.name);
      if (member.flag !== '1') return [member];
      const link = files[Number(member.link) % files.length];
      return link === undefined || link === member.name ? [] : [{ ...member, link }];
    }),
  );
}

export const randomLayers: fc.Arbitrary<Members[]> = fc.array(layer, { minLength: 2, maxLength: 3 }).map(withTargets);
