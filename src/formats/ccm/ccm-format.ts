import type { Format } from '../format.js';

export function ccmFormat(_services: object): Format {
  return { name: 'ccm', routes: { name: 'ccm', routes: [], errorResponse: () => ({ status: 500 }) } };
}
