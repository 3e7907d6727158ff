// What an image claims to hold is the image's word: no bytes may fail a conversion, hold it up or fill the memory.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { FileTree, newDirectory } from '../../src/oci/file-tree.js';
import type { DirectoryNode, FileNode } from '../../src/oci/file-tree.js';
import { findPackages } from '../../src/proof/packages.js';
import type { FoundPackages } from '../../src/proof/package-list.js';
import { packageUrl } from '../../src/proof/package-url.js';

const fixture = (name: string) => gunzipSync(readFileSync(join(__dirname, '../fixtures/rpm', `${name}.gz`)));
const SCALE = Number(process.env.TEST_SCALE ?? 1);
const RUNS = { numRuns: 150 * SCALE, seed: 20 };

/** A tree whose files have their content at hand, without layers. */
class Image {
  readonly tree = new FileTree();
  readonly reads: number[] = [];
  private readonly contents = new Map<FileNode, Buffer>();

  add(path: string, content: Buffer | string, size?: number): this {
    const bytes = Buffer.from(content);
    const node = this.put(path, { type: 'file', children: undefined, size: size ?? bytes.length });
    this.contents.set(node, bytes);
    return this;
  }

  put(path: string, attributes: Partial<FileNode>): FileNode {
    const parts = path.split('/');
    const directory = this.tree.directoryAt(parts.slice(0, -1), { create: true })!;
    const node: FileNode = { ...newDirectory({ mode: 0o755, uid: 0, gid: 0, mtime: 0 }), ...attributes };
    this.tree.set(directory, parts.at(-1)!, node);
    return node;
  }

  find(): Promise<FoundPackages> {
    return findPackages(this.tree, async (node, maxBytes) => {
      const bytes = this.contents.get(node)!.subarray(0, maxBytes);
      this.reads.push(bytes.length);
      return bytes;
    });
  }
}

const PLACES = [
  'var/lib/dpkg/status',
  'lib/apk/db/installed',
  'var/lib/rpm/Packages',
  'node_modules/x/package.json',
  'x.dist-info/METADATA',
  'etc/os-release',
];

const line = fc.oneof(
  fc.constantFrom('Package: a', 'Version: 1', 'P:a', 'V:1', 'Name: a', '', ' more', 'ID=debian', 'Status: x'),
  fc.string({ unit: 'binary' }),
);
const anyContent = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  fc.array(line).map((lines) => Buffer.from(lines.join('\n'))),
  fc.json().map((text) => Buffer.from(text)),
  fc.record({ name: fc.string({ unit: 'binary' }), version: fc.string() }).map((it) => Buffer.from(JSON.stringify(it))),
);

/** A real database with some bytes replaced, now and then cut off. */
const damaged = (original: Buffer) => {
  const damage = fc.tuple(fc.nat(original.length - 1), fc.constantFrom(0, 1, 2, 0x7f, 0xff));
  // The first pages hold what leads to all others.
  const early = fc.tuple(fc.nat(200), fc.nat(255));
  const changes = fc.array(fc.oneof(damage, early), { minLength: 1, maxLength: 20 });
  return fc.tuple(changes, fc.option(fc.nat(original.length))).map(([list, end]) => {
    const bytes = Buffer.from(original);
    for (const [at, byte] of list) bytes[at] = byte;
    return bytes.subarray(0, end ?? bytes.length);
  });
};

describe('package databases', () => {
  it.each(PLACES)('of any bytes in %s never fail', async (place) => {
    await fc.assert(
      fc.asyncProperty(anyContent, async (content) => {
        const { packages } = await new Image().add(place, content).find();
        for (const { purl } of packages) expect(purl).toMatch(/^pkg:[a-z]+\/[\w.~%:/-]+@[\w.~%:-]+(\?[\w.~%:=&-]+)?$/);
      }),
      RUNS,
    );
  });

  it.each(['rpmdb.sqlite', 'Packages'])('of rpm, damaged (%s), end soon and never fail', async (name) => {
    await fc.assert(
      fc.asyncProperty(damaged(fixture(name)), async (content) => {
        const { packages } = await new Image().add('var/lib/rpm/Packages', content).find();
        expect(packages.length).toBeLessThanOrEqual(60);
      }),
      { ...RUNS, numRuns: 400 * SCALE },
    );
  });

  it('that are too large are not read', async () => {
    const image = new Image()
      .add('var/lib/dpkg/status', 'Package: a\nVersion: 1\n', 33 * 1024 * 1024)
      .add('var/lib/rpm/rpmdb.sqlite', '', 129 * 1024 * 1024)
      .add('a.dist-info/METADATA', 'Name: big\nVersion: 1\n', 2 ** 40);
    const { packages, incomplete } = await image.find();
    expect(packages.map(({ name }) => name)).toEqual(['big']);
    expect(incomplete).toEqual([
      'Not read, or not to its end: "var/lib/dpkg/status": it has more than 33554432 bytes.',
      'Not read, or not to its end: "var/lib/rpm/rpmdb.sqlite": it has more than 134217728 bytes.',
    ]);
    expect(image.reads).toEqual([21]);
  });

  it('with more packages than there is room for are cut off, and that is said', async () => {
    const packages = Array.from({ length: 50_001 }, (_, n) => `Package: p${n}\nVersion: 1\n`).join('\n');
    const found = await new Image().add('var/lib/dpkg/status', packages).find();
    expect(found.packages).toHaveLength(50_000);
    expect(found.incomplete).toEqual(['The list ends after 50000 packages, but there are more.']);
  });

  it('that list the same package for ever come to an end', async () => {
    const image = new Image().add('var/lib/dpkg/status', 'Package: a\nVersion: 1\n\n'.repeat(300_000));
    const { packages, incomplete } = await image.find();
    expect(packages).toHaveLength(1);
    expect(incomplete).toEqual(['The list ends after 1 packages, but there are more.']);
  });

  it('behind links that lead in circles are left out', async () => {
    const image = new Image().add('a.dist-info/METADATA', 'Name: a\nVersion: 1\n');
    image.put('var', { type: 'symlink', children: undefined, link: 'var' });
    const { packages, incomplete } = await image.find();
    expect(packages).toHaveLength(0);
    expect(incomplete).toEqual(['Not read, or not to its end: "/": its paths lead in circles.']);
  });

  it('are told apart only by what is printable', async () => {
    const json = (name: string, version = '1') => JSON.stringify({ name, version });
    const image = new Image()
      .add('node_modules/a/package.json', json('a\ud800'))
      .add('node_modules/b/package.json', json('x'.repeat(300)))
      .add('node_modules/c/package.json', json('a/b/c'))
      .add('node_modules/d/package.json', json('d', '1 2'))
      .add('node_modules/e/package.json', '\uFEFF{"name":"it\'s(*)!","version":"^"}');
    const { packages, incomplete } = await image.find();
    expect(packages.map(({ purl }) => purl)).toEqual(['pkg:npm/it%27s%28%2A%29%21@%5E']);
    expect(incomplete).toEqual(['Packages without a usable name or version were left out: 4.']);
  });
});

describe('a tree of many files', () => {
  it('is searched in well under a second, and only candidates are read', async () => {
    const image = new Image();
    const add = (directory: DirectoryNode, name: string, child: FileNode) => directory.children.set(name, child);
    const leaf = image.put('usr/share/leaf', { type: 'file', children: undefined, size: 10 });
    for (let folders = 0; folders < 2_500; folders++) {
      const directory = image.put(`usr/share/folder-${folders}/nested`, {}) as DirectoryNode;
      for (let files = 0; files < 100; files++) add(directory, `file-${files}.json`, leaf);
    }
    image.add('usr/share/folder-7/node_modules/a/package.json', '{"name":"a","version":"1"}');
    const before = performance.now();
    const { packages } = await image.find();
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(packages).toHaveLength(1);
    expect(image.reads).toHaveLength(1);
  });
});

describe('the URL of a package', () => {
  // The examples of the specification (package-url/purl-spec, types/).
  it.each([
    [{ type: 'npm', name: '@angular/animation', version: '12.3.1' }, undefined, 'pkg:npm/%40angular/animation@12.3.1'],
    [{ type: 'pypi', name: 'Django_Allauth', version: '12.23' }, undefined, 'pkg:pypi/django-allauth@12.23'],
    [
      { type: 'rpm', name: 'curl', version: '7.50.3-1.fc25', architecture: 'i386' },
      { id: 'fedora', versionId: '25' },
      'pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25',
    ],
    [
      { type: 'rpm', name: 'X', version: '1-1', epoch: 1 },
      { id: 'opensuse-leap', versionId: '15.5' },
      'pkg:rpm/opensuse/X@1-1?distro=opensuse-leap-15.5&epoch=1',
    ],
    [
      { type: 'apk', name: 'curl', version: '7.83.0-r0', architecture: 'x86' },
      { id: 'alpine' },
      'pkg:apk/alpine/curl@7.83.0-r0?arch=x86&distro=alpine',
    ],
  ] as const)('of %j in %j follows its type', (found, distribution, expected) => {
    expect(packageUrl(found, distribution)).toBe(expected);
  });
});
