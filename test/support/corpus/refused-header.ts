// Images whose tar headers are wrong: cut, absurd, or meant to lead somewhere else.
import { pax, paxRecord, tarOf } from '../tar-builder.js';
import { layersOf } from './image-content.js';
import type { CorpusImage } from './image-content.js';
import { base256, changed, gnuLong } from './odd-header.js';

export const REFUSED_HEADER_IMAGES: CorpusImage[] = [
  {
    name: 'an owner of more than 32 bits',
    make: layersOf([pax({ uid: '4294967296' }), 'f']),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a negative owner',
    make: layersOf(changed({ name: 'f' }, (header) => base256(header, 108, 8, -2n))),
    expected: 'IMAGE_INVALID',
  },
  { name: 'a name with ..', make: layersOf(['a/../../b']), expected: 'IMAGE_INVALID' },
  { name: 'a name that is ..', make: layersOf([{ name: '../x', data: 'x' }]), expected: 'IMAGE_INVALID' },
  { name: 'a NUL in a name', make: layersOf([pax({ path: 'a\0b' }), 'f']), expected: 'IMAGE_INVALID' },
  { name: 'a NUL in a long name', make: layersOf([gnuLong('L', 'a\0b'), 'f']), expected: 'IMAGE_INVALID' },
  {
    name: 'a path of more than 4096 bytes',
    make: layersOf([pax({ path: 'd/'.repeat(2049) }), 'f']),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a path that is too long below the root of an enclave',
    make: layersOf([pax({ path: `${'d/'.repeat(2045)}f` }), 'f']),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a name of more than 255 bytes',
    make: layersOf([pax({ path: `d/${'n'.repeat(256)}` }), 'f']),
    expected: 'IMAGE_INVALID',
  },
  { name: 'a sparse file of GNU tar', make: layersOf([{ name: 'f', flag: 'S' }]), expected: 'IMAGE_INVALID' },
  {
    name: 'a sparse file in PAX',
    make: layersOf([pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' }), 'f']),
    expected: 'IMAGE_INVALID',
  },
  { name: 'an unknown type of entry', make: layersOf([{ name: 'f', flag: 'M' }]), expected: 'IMAGE_INVALID' },
  { name: 'a symlink without a target', make: layersOf([{ name: 'f', flag: '2' }]), expected: 'IMAGE_INVALID' },
  {
    name: 'a header with a wrong checksum',
    make: layersOf(Buffer.from(tarOf(['abc'])).fill('z', 0, 1)),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a number that is none',
    make: layersOf(changed({ name: 'f' }, (it) => it.write('77x', 108))),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a size of 2^62',
    make: layersOf(changed({ name: 'f' }, (header) => base256(header, 124, 12, 2n ** 62n))),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a negative size',
    make: layersOf(changed({ name: 'f' }, (header) => base256(header, 124, 12, -512n))),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a PAX header of more than 1 MiB',
    make: layersOf([pax({ comment: 'x'.repeat(1024 * 1024) }), 'f']),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a PAX record with a wrong length',
    make: layersOf([{ name: 'x', flag: 'x', data: paxRecord('path', 'y').replace(/^\d+/, '99') }, 'f']),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'a PAX record without an end',
    make: layersOf([{ name: 'x', flag: 'x', data: '10 path=abcd' }, 'f']),
    expected: 'IMAGE_INVALID',
  },
  { name: 'a PAX size that is no number', make: layersOf([pax({ size: '1e3' }), 'f']), expected: 'IMAGE_INVALID' },
  {
    name: 'an archive cut inside a header',
    make: layersOf(tarOf(['f'], 0).subarray(0, 300)),
    expected: 'IMAGE_INVALID',
  },
  {
    name: 'an archive cut inside data',
    make: layersOf(tarOf([{ name: 'f', data: 'x'.repeat(2000) }], 0).subarray(0, 1500)),
    expected: 'IMAGE_INVALID',
  },
  { name: 'an archive that ends after a PAX header', make: layersOf([pax({ path: 'x' })]), expected: 'IMAGE_INVALID' },
  {
    name: 'an entry after one block of zeros',
    make: layersOf(Buffer.concat([tarOf(['a'], 512), tarOf(['b'])])),
    expected: 'IMAGE_INVALID',
  },
  { name: 'bytes that are no archive', make: layersOf(Buffer.from('<html>'.repeat(300))), expected: 'IMAGE_INVALID' },
];
