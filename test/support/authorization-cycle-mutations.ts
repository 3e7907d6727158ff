// The lines of the authorisation table for GraphQL's mutations of Cycle's images.
import { aCycleImage } from './authorization-cycle.js';
import type { Line } from './authorization-line.js';
import { mutation } from './authorization-mutations.js';

export const CYCLE_MUTATIONS: Line[] = [
  mutation('createCycleImage', 'WRITER', ({ cycleSource: sourceId }, name) => ({ sourceId, name }), 'NOT_FOUND', {
    selects: 'build { id name }',
  }),
  mutation('createCycleImageSource', 'MANAGER', (_ids, name) => ({ name, origin: { type: 'none' } }), 'OK', {
    selects: 'imageSource { id name }',
  }),
  mutation('deleteCycleImage', 'WRITER', ({ cycleImage: imageId }) => ({ imageId }), 'NOT_FOUND', {
    ...{ throwAway: aCycleImage, selects: 'job { id }' },
  }),
  mutation('deleteCycleImageSource', 'MANAGER', ({ cycleSource: sourceId }) => ({ sourceId }), 'NOT_FOUND', {
    ...{ throwAway: aCycleImage, selects: 'job { id }' },
  }),
  mutation('importCycleImage', 'WRITER', ({ cycleImage: imageId }) => ({ imageId }), 'NOT_FOUND', {
    ...{ allowed: 'FEATURE_NOT_SUPPORTED', selects: 'job { id }' },
  }),
  mutation('pruneCycleImages', 'WRITER', ({ cycleSource }) => ({ sourceIds: [cycleSource] }), 'OK', {
    selects: 'job { id }',
  }),
  mutation('updateCycleImage', 'WRITER', ({ cycleImage: imageId }, name) => ({ imageId, name }), 'NOT_FOUND', {
    selects: 'build { id name }',
  }),
  mutation(
    'updateCycleImageSource',
    'MANAGER',
    ({ cycleSource: sourceId }, name) => ({ sourceId, name }),
    'NOT_FOUND',
    { selects: 'imageSource { id name }' },
  ),
];
