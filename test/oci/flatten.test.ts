import { TarReader } from '../../src/oci/tar.js';
import type { TarEntry } from '../../src/oci/tar.js';
import { applyLayer } from '../../src/oci/flatten.js';
import { FileTree, sortedChildren } from '../../src/oci/file-tree.js';
import type { FileNode } from '../../src/oci/file-tree.js';
import { flattenLayers } from '../support/flatten-layers.js';
import { tarOf } from '../support/tar-builder.js';
import type { Member } from '../support/tar-builder.js';

type Layer = (Member | string)[];

function entriesOf(members: Layer): TarEntry[] {
  const entries: TarEntry[] = [];
  new TarReader((entry) => entries.push(entry)).write(tarOf(members));
  return entries;
}

const flatten = (...layers: Layer[]): Promise<FileTree> => flattenLayers(layers.map(entriesOf));

/** `path` of directories with a slash, `path -> target` of symlinks, `path @layer` of files. */
function listing(tree: FileTree): string[] {
  const lines = (prefix: string, node: FileNode): string[] =>
    sortedChildren(node.children ?? new Map<string, FileNode>()).flatMap(([name, child]) => {
      const path = prefix + name;
      if (child.children) return [`${path}/`, ...lines(`${path}/`, child)];
      return [child.type === 'symlink' ? `${path} -> ${child.link}` : `${path} @${child.layer}`];
    });
  return lines('', tree.root);
}

const at = (tree: FileTree, path: string) => tree.find(path.split('/'))!;
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'IMAGE_INVALID', message: expect.stringMatching(message) });
const refusal = (...layers: Layer[]): Promise<unknown> =>
  flatten(...layers).then(
    () => undefined,
    (error: unknown) => error,
  );

describe('flattening the corner cases that implementations disagree on', () => {
  it('hides lower children below an opaque directory, even where siblings stand before the marker', async () => {
    const tree = await flatten(['a/', 'a/b/', 'a/b/low', 'a/c'], ['a/', 'a/b/', 'a/b/high', 'a/.wh..wh..opq']);
    expect(listing(tree)).toEqual(['a/', 'a/b/', 'a/b/high @1']);
  });

  it('keeps the content of a hard link whose target a higher layer replaces', async () => {
    const tree = await flatten(['f', { name: 'h1', flag: '1', link: 'f' }], [{ name: 'f', data: 'new' }]);
    expect(listing(tree)).toEqual(['f @1', 'h1 @0']);
  });

  it('binds a hard link to the file that stands before it, in its own layer or in a lower one', async () => {
    const link: Member = { name: 'h2', flag: '1', link: '/f' };
    const replaced: Member = { name: 'f', data: 'new' };
    const own = await flatten(['f'], [replaced, link]);
    expect(at(own, 'h2')).toBe(at(own, 'f'));
    expect(at(own, 'f')).toMatchObject({ layer: 1, shared: true });
    expect(listing(await flatten(['f'], [link, replaced]))).toEqual(['f @1', 'h2 @0']);
  });

  it('binds a hard link that stands before its target, too', async () => {
    const tree = await flatten(['g'], [{ name: 'h2', flag: '1', link: '/f' }, 'f']);
    expect(at(tree, 'h2')).toBe(at(tree, 'f'));
  });

  it('keeps the attributes of a lower directory that the layer does not list', async () => {
    const tree = await flatten([{ name: 'imp/', mode: 0o711, uid: 5, mtime: 7 }], ['imp/r']);
    expect(at(tree, 'imp')).toMatchObject({ mode: 0o711, uid: 5, mtime: 7 });
  });

  it('follows a lower symlink to a directory inside the image', async () => {
    const tree = await flatten(['usr/', 'usr/lib/', { name: 'lib', link: 'usr/lib' }], ['lib/x']);
    expect(listing(tree)).toEqual(['lib -> usr/lib', 'usr/', 'usr/lib/', 'usr/lib/x @1']);
  });

  it('replaces a directory by a file and a file by a directory', async () => {
    const tree = await flatten(['d/', 'd/inside', 'f'], ['d', 'f/', 'f/inside']);
    expect(listing(tree)).toEqual(['d @1', 'f/', 'f/inside @1']);
  });

  it('lets the last of two entries with one path win', async () => {
    const tree = await flatten([
      { name: 'a', mode: 0o600 },
      { name: './a', mode: 0o640 },
    ]);
    expect(at(tree, 'a').mode).toBe(0o640);
  });

  it('lets a whiteout hit lower layers only', async () => {
    expect(listing(await flatten(['keep'], ['keep', '.wh.keep']))).toEqual(['keep @1']);
    expect(listing(await flatten(['keep'], ['.wh.keep', 'keep']))).toEqual(['keep @1']);
    expect(listing(await flatten(['keep'], ['.wh.keep']))).toEqual([]);
  });
});

describe('an image made to be slow or large', () => {
  const stop = new AbortController();
  const file = entriesOf(['f'])[0]!;
  const tooLarge = { code: 'IMAGE_TOO_LARGE' };

  it.each([
    ['slashes', `${'/'.repeat(4000)}d`],
    ['dots', `${'./'.repeat(2000)}d`],
    ['steps up', `${'../'.repeat(1300)}d`],
  ])('is refused where a symlink has a target of many %s that all paths lead through', async (_what, target) => {
    const symlink: TarEntry = { ...file, path: 's', type: 'symlink', link: target };
    const through = Array.from({ length: 25_000 }, (_, index) => ({ ...file, path: `s/${index}` }));
    const applying = applyLayer(new FileTree(), [symlink, ...through], 0, stop.signal);
    await expect(applying).rejects.toMatchObject(tooLarge);
  });

  it('is refused where whiteouts lead through many components again and again', async () => {
    const deep = 'd/'.repeat(2000);
    const whiteouts = Array.from({ length: 11_000 }, (_, index) => ({ ...file, path: `${deep}.wh.${index}` }));
    const tree = new FileTree();
    await applyLayer(tree, [{ ...file, path: `${deep}x` }], 0, stop.signal);
    await expect(applyLayer(tree, whiteouts, 1, stop.signal)).rejects.toMatchObject(tooLarge);
  });

  it('is refused where its paths imply too many directories', async () => {
    const entries = Array.from({ length: 100 }, (_, index) => ({ ...file, path: `${index}/${'d/'.repeat(100)}f` }));
    await expect(applyLayer(new FileTree(10_000), entries, 0, stop.signal)).rejects.toMatchObject(tooLarge);
  });

  it('lets the process hear of other things meanwhile', async () => {
    const many = new Array<TarEntry>(900_000).fill(file);
    setImmediate(() => stop.abort(new Error('stop')));
    await expect(applyLayer(new FileTree(), many, 0, stop.signal)).rejects.toThrow('stop');
  });
});

describe('a flattened image', () => {
  it('has directories that no layer lists, with fixed attributes', async () => {
    expect(at(await flatten(['a/b/c']), 'a/b')).toMatchObject({ mode: 0o755, uid: 0, gid: 0, mtime: 0 });
  });

  it('keeps the children of a directory that is listed again, with new attributes', async () => {
    const tree = await flatten(['d/', 'd/x'], [{ name: 'd/', mode: 0o700, gid: 9 }]);
    expect(at(tree, 'd')).toMatchObject({ mode: 0o700, gid: 9 });
    expect(listing(tree)).toEqual(['d/', 'd/x @0']);
  });

  it('has a fresh directory where one was removed and made again in one layer', async () => {
    expect(listing(await flatten(['d/', 'd/old'], ['.wh.d', 'd/', 'd/new']))).toEqual(['d/', 'd/new @1']);
  });

  it('takes names with `./`, a leading slash and doubled slashes for what they mean', async () => {
    expect(listing(await flatten(['./', './a/', '/a//b', 'a/./c']))).toEqual(['a/', 'a/b @0', 'a/c @0']);
  });

  it('sorts names bytewise', async () => {
    const names = ['a.b', 'a', 'a-b', 'B', '\xff', 'z'];
    expect(listing(await flatten(names)).map((line) => line.slice(0, -3))).toEqual([
      'B',
      'a',
      'a-b',
      'a.b',
      'z',
      '\xff',
    ]);
  });

  it('never leaves its root through symlinks', async () => {
    const tree = await flatten(
      [
        { name: 'up', link: '../../../etc' },
        { name: 'abs', link: '/etc' },
      ],
      ['up/x', 'abs/y'],
    );
    expect(listing(tree)).toEqual(['abs -> /etc', 'etc/', 'etc/x @1', 'etc/y @1', 'up -> ../../../etc']);
  });

  it('applies a whiteout through a lower symlink, unless its layer replaces the symlink', async () => {
    const lower: Layer = ['usr/lib/x', { name: 'lib', link: 'usr/lib' }];
    expect(listing(await flatten(lower, ['lib/.wh.x']))).toEqual(['lib -> usr/lib', 'usr/', 'usr/lib/']);
    expect(listing(await flatten(lower, ['lib/', 'lib/.wh..wh..opq', 'lib/y']))).toEqual([
      'lib/',
      'lib/y @1',
      'usr/',
      'usr/lib/',
      'usr/lib/x @0',
    ]);
  });

  it('applies a whiteout through a lower symlink that the same layer hides, whichever comes first', async () => {
    const lower: Layer = ['usr/lib/x', { name: 'lib', link: 'usr/lib' }];
    const left = ['usr/', 'usr/lib/'];
    expect(listing(await flatten(lower, ['lib/.wh.x', '.wh.lib']))).toEqual(left);
    expect(listing(await flatten(lower, ['.wh.lib', 'lib/.wh.x']))).toEqual(left);
  });

  it('takes only files for whiteouts and leaves out the metadata of AUFS', async () => {
    expect(listing(await flatten(['a'], ['.wh.a/', '.wh..wh.plnk/', '.wh..wh.plnk/1.2', '.wh..wh.orph/']))).toEqual([
      '.wh.a/',
      'a @0',
    ]);
  });

  it('follows hard links to hard links and to symlinks', async () => {
    const link = (name: string, target: string): Member => ({ name, flag: '1', link: target });
    const tree = await flatten([link('c', 'b'), link('b', 'a'), 'a', { name: 's', link: 'a' }, link('t', 's')]);
    expect(at(tree, 'c')).toBe(at(tree, 'a'));
    expect(listing(tree)).toContain('t -> a');
  });

  it('is unchanged by a hard link that a later entry replaces', async () => {
    expect(listing(await flatten([{ name: 'h', flag: '1', link: 'nowhere' }, 'h']))).toEqual(['h @0']);
  });

  const loop: Layer = [
    { name: 'a', link: 'b' },
    { name: 'b', link: 'a' },
  ];
  it.each<[string, Layer[], RegExp]>([
    ['a name with ..', [['a/../../b']], /leaves its root/],
    ['a hard link with ..', [['f', { name: 'h', flag: '1', link: '../f' }]], /leaves its root/],
    ['the whiteout of nothing', [['.wh.']], /hides nothing/],
    ['the whiteout of .', [['d/.wh..']], /hides nothing/],
    ['the whiteout of ..', [['d/.wh...']], /hides nothing/],
    ['a loop of symlinks', [loop, ['a/x']], /symlinks/],
    ['a hard link to nothing', [[{ name: 'h', flag: '1', link: 'nowhere' }]], /hard link/],
    ['a hard link to a directory', [['d/', { name: 'h', flag: '1', link: 'd' }]], /hard link/],
    ['a hard link to itself', [[{ name: 'h', flag: '1', link: 'h' }]], /hard link/],
    ['a file instead of the root', [['.']], /root/],
  ])('refuses %s', async (_name, layers, message) => {
    expect(await refusal(...layers)).toEqual(invalid(message));
  });
});
