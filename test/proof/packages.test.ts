import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { parseOsRelease } from '../../src/proof/distribution.js';
import { temporaryFolder } from '../support/folders.js';
import { DEBIAN, file, packagesOf, urls } from './image-tree.js';

const folder = temporaryFolder();
const find = (...layers: Parameters<typeof packagesOf>[1][]) => packagesOf(folder, ...layers);

const STATUS = '/var/lib/dpkg/status';
const onDebian = existsSync(STATUS) ? describe : describe.skip;

describe('the packages of dpkg', () => {
  it('are those installed, with the distribution in their URL', async () => {
    const status = [
      'Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.11-1~deb12u2\nDescription: x\n Package: no\n .\n y\n',
      'Package: g++\nStatus: install ok installed\nArchitecture: amd64\nVersion: 4:12.2.0-3+b1\n',
      'Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n',
      'Package: half\nStatus: install reinstreq half-installed\nArchitecture: amd64\nVersion: 1\n',
    ].join('\n');
    const found = await find([DEBIAN, file('var/lib/dpkg/status', status)]);
    expect(urls(found)).toEqual([
      'pkg:deb/debian/g%2B%2B@4:12.2.0-3%2Bb1?arch=amd64&distro=debian-12',
      'pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12',
    ]);
    expect(found).toMatchObject({ distribution: { id: 'debian', versionId: '12' }, incomplete: [] });
  });

  it('are one file each where an image has no dpkg', async () => {
    const one = (name: string) => `Package: ${name}\nVersion: 1-1\nArchitecture: all`;
    const found = await find([
      file('var/lib/dpkg/status.d/base', one('base-files')),
      file('var/lib/dpkg/status.d/base.md5sums', '0123  usr/bin/x'),
      file('var/lib/dpkg/status.d/tzdata', one('tzdata')),
    ]);
    expect(urls(found)).toEqual(['pkg:deb/base-files@1-1?arch=all', 'pkg:deb/tzdata@1-1?arch=all']);
  });

  it("are those of the upper layer's database only", async () => {
    const status = (name: string) => file('var/lib/dpkg/status', `Package: ${name}\nVersion: 1\nArchitecture: all\n`);
    expect(urls(await find([status('old')], [status('new')]))).toEqual(['pkg:deb/new@1?arch=all']);
    expect(urls(await find([status('old')], [file('var/lib/dpkg/.wh.status', '')]))).toEqual([]);
  });

  onDebian('of this machine', () => {
    it('are those that dpkg itself lists', async () => {
      const listed = execFileSync('dpkg-query', [
        '-f',
        '${db:Status-Status} ${Package} ${Version} ${Architecture}\n',
        '-W',
      ]);
      const installed = listed
        .toString()
        .split('\n')
        .filter((line) => line.startsWith('installed '));
      const { packages, incomplete } = await find([file('var/lib/dpkg/status', readFileSync(STATUS))]);
      const own = packages.map(({ name, version, architecture }) => `installed ${name} ${version} ${architecture}`);
      expect(own.sort()).toEqual(installed.sort());
      expect(incomplete).toEqual([]);
    });
  });
});

describe('the packages of apk', () => {
  const installed = [
    'C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\np:so:libc.musl-x86_64.so.1=1\nL:MIT\nF:lib\nR:ld-musl-x86_64.so.1\n',
    'C:Q1def=\nP:libcrypto3\nV:3.1.4-r1\nA:x86_64\nL:Apache-2.0\n',
  ].join('\n');
  const expected = [
    'pkg:apk/alpine/libcrypto3@3.1.4-r1?arch=x86_64&distro=alpine-3.19.0',
    'pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.19.0',
  ];
  const release = file('usr/lib/os-release', "ID=alpine\nVERSION_ID='3.19.0'\n");

  it('are found, with their licences', async () => {
    const link = { name: 'etc/os-release', link: '../usr/lib/os-release' };
    const found = await find([release, link, file('lib/apk/db/installed', installed)]);
    expect(urls(found)).toEqual(expected);
    expect(found.packages.map(({ license }) => license)).toEqual(['Apache-2.0', 'MIT']);
  });

  it('are found once where /lib is a link to /usr/lib', async () => {
    const found = await find([release, { name: 'lib', link: 'usr/lib' }, file('usr/lib/apk/db/installed', installed)]);
    expect(urls(found)).toEqual(expected);
  });
});

describe('the packages of npm', () => {
  it('are those in node_modules at any depth, with and without a scope', async () => {
    const json = (path: string, document: unknown) => file(`${path}/package.json`, JSON.stringify(document));
    const found = await find([
      json('app', { name: 'app', version: '1.0.0' }),
      json('app/node_modules/left-pad', { name: 'left-pad', version: '1.3.0', license: 'WTFPL' }),
      json('app/node_modules/@Angular/core', { name: '@Angular/core', version: '17.0.0-rc.1+build' }),
      json('app/node_modules/@Angular/core/node_modules/left-pad', { name: 'left-pad', version: '0.1.0' }),
      json('usr/lib/node_modules/npm', { name: 'npm', version: '10.2.3', license: { type: 'Artistic-2.0' } }),
      json('app/node_modules/left-pad/test/fixture', { name: 'fixture', version: '1.0.0' }),
      json('app/node_modules/nameless', { version: '1.0.0' }),
      file('app/node_modules/broken/package.json', '{'),
      file('app/node_modules/list/package.json', 'null'),
    ]);
    expect(urls(found)).toEqual([
      'pkg:npm/%40angular/core@17.0.0-rc.1%2Bbuild',
      'pkg:npm/left-pad@0.1.0',
      'pkg:npm/left-pad@1.3.0',
      'pkg:npm/npm@10.2.3',
    ]);
    expect(found.incomplete).toEqual([
      'Not read, or not to its end: "app/node_modules/broken/package.json": it is malformed.',
    ]);
  });
});

describe('the packages of Python', () => {
  it('are wheels, eggs and egg-info, folder or file', async () => {
    const metadata = (name: string, rest = '') => `Metadata-Version: 2.1\r\nName: ${name}\r\nVersion: 1.0\r\n${rest}`;
    const site = 'usr/lib/python3/site-packages';
    const found = await find([
      file(`${site}/Zope.Interface_x-1.0.dist-info/METADATA`, metadata('Zope.Interface__x', '\r\nName: body\r\n')),
      file(`${site}/long-1.0.dist-info/METADATA`, metadata('long', `License: MIT\r\n\r\n${'x'.repeat(100_000)}`)),
      file(`${site}/six-1.0.egg-info/PKG-INFO`, metadata('six')),
      file(`${site}/flat-1.0.egg-info`, metadata('flat')),
      file(`${site}/old-1.0-py2.egg/EGG-INFO/PKG-INFO`, metadata('old')),
      file(`${site}/none-1.0.dist-info/METADATA`, 'Summary: nothing\n'),
    ]);
    expect(urls(found)).toEqual([
      'pkg:pypi/flat@1.0',
      'pkg:pypi/long@1.0',
      'pkg:pypi/old@1.0',
      'pkg:pypi/six@1.0',
      'pkg:pypi/zope-interface-x@1.0',
    ]);
    expect(found.incomplete).toEqual(['Packages without a usable name or version were left out: 1.']);
  });
});

describe('the distribution', () => {
  it.each([
    ['ID="rhel"\nVERSION_ID="9.3"', { id: 'rhel', versionId: '9.3' }],
    ['ID=arch\n', { id: 'arch' }],
    ['ID=Debian\nID=ubuntu\r\nVERSION_ID=', { id: 'ubuntu' }],
    ['ID="../x"', undefined],
    ['NAME=x', undefined],
  ])('of %j is read', (text, expected) => {
    expect(parseOsRelease(text)).toEqual(expected);
  });
});
