// Images whose documents are odd and right: indexes, docker's types, other platforms.
import { DOCKER_LIST } from '../../../src/oci/media-types.js';
import { tarOf } from '../tar-builder.js';
import type { CorpusImage } from './image-content.js';
import {
  SEEN,
  amd64,
  arm64,
  attestation,
  configText,
  dockerImage,
  everyPlatform,
  indexOf,
  layers,
  linux,
  of,
} from './platform-images.js';

export const DOCUMENT_IMAGES: CorpusImage[] = [
  { name: "docker's media types", make: dockerImage, expected: SEEN },
  {
    name: "docker's list of images",
    make: () => indexOf([{ content: dockerImage(), platform: linux('amd64') }], DOCKER_LIST),
    expected: SEEN,
  },
  {
    name: 'an index of every platform and of attestations, for amd64',
    make: everyPlatform,
    choice: 'umoci is given the layers of the first image, that of arm64',
    expected: SEEN,
  },
  {
    name: 'an index of every platform and of attestations, for arm64',
    make: everyPlatform,
    architecture: 'arm64',
    expected: { f: 'arm64' },
  },
  { name: 'arm64 without an index', make: arm64, architecture: 'arm64', expected: { f: 'arm64' } },
  {
    name: 'an index of one image without a platform, and its attestation',
    make: () => indexOf([{ content: amd64() }, attestation()]),
    expected: SEEN,
  },
  {
    name: 'a history with empty layers',
    make: of({
      config: {
        created: '2026-01-01T00:00:00Z',
        history: [{ created_by: 'ENV a', empty_layer: true }, { created_by: 'COPY' }, { empty_layer: true }],
      },
    }),
    expected: SEEN,
  },
  {
    name: 'annotations and members that nobody knows',
    make: of({ manifest: { annotations: { a: 'b' }, subject: null, x: [1] } }),
    expected: SEEN,
  },
  {
    name: 'nulls wherever they may be',
    make: of({ configText: configText('{"Cmd":null,"Env":null,"Labels":null}') }),
    expected: SEEN,
  },
  { name: 'no config of what is run', make: of({ configText: configText('null') }), expected: SEEN },
  {
    name: 'members that are called like those of every object',
    make: of({
      configText: configText('{"Labels":{"__proto__":"x","constructor":"y"},"__proto__":{"Cmd":["/evil"]}}'),
    }),
    expected: SEEN,
  },
  {
    name: 'urls at an ordinary layer, which are never fetched',
    make: of({ layers: [{ tar: tarOf(layers[0] as never), descriptor: { urls: ['http://127.0.0.1:1/layer'] } }] }),
    expected: SEEN,
  },
  {
    name: 'labels that differ in case only',
    make: of({ run: { Labels: { a: '1', A: '2' } } }),
    expected: SEEN,
  },
];
