// All hostile and odd images. What they prove stands in test/conversions/corpus.test.ts and test/oci/umoci.test.ts.
import { DOCUMENT_IMAGES } from './document.js';
import { FLATTENING_IMAGES } from './flattening.js';
import { HEADER_IMAGES } from './header.js';
import type { CorpusImage } from './image-content.js';
import { LINK_IMAGES } from './link.js';
import { REFUSED_DOCUMENT_IMAGES } from './refused-document.js';
import { REFUSED_HEADER_IMAGES } from './refused-header.js';
import { STORED_IMAGES } from './stored.js';
import { WHITEOUT_IMAGES } from './whiteout.js';

const SCALE = Number(process.env.TEST_SCALE ?? 1);

export const CORPUS: CorpusImage[] = [
  ...HEADER_IMAGES,
  ...REFUSED_HEADER_IMAGES,
  ...WHITEOUT_IMAGES,
  ...LINK_IMAGES,
  ...FLATTENING_IMAGES,
  ...STORED_IMAGES,
  ...DOCUMENT_IMAGES,
  ...REFUSED_DOCUMENT_IMAGES,
].filter(({ slow }) => SCALE > 1 || !slow);
