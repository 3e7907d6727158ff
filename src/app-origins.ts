// A part of the composition root: what the formats tell of where builds came from, as one GraphQL union.
import { buildOriginResolver } from './formats/build-origin.resolver.js';
import { CCM_ORIGIN } from './formats/ccm/origin-type.js';
import { CYCLE_ORIGIN } from './formats/cycle/origin-type.js';
import { IMAGE_BUILDER_ORIGIN } from './formats/image-builder/origin-type.js';

export const BuildOriginResolver = buildOriginResolver([CCM_ORIGIN, CYCLE_ORIGIN, IMAGE_BUILDER_ORIGIN]);
