import 'reflect-metadata';
import { BuildPhase } from '../../../src/builds/build-parts.js';
import { toOriginDraft } from '../../../src/formats/cycle/origin-codec.js';

const DOCUMENT = {
  id: '651586fca6078e98982dbd90',
  name: 'nginx',
  size: 3 * 1024 * 1024 + 1,
  config: {
    ports: [
      { host: 80, container: 80, type: 'tcp' },
      { container: 53, type: 'udp' },
      { container: 80, type: 'tcp' },
    ],
  },
  source: {
    type: 'direct',
    details: {
      id: '651586fca6078e98982dbd91',
      origin: { type: 'docker-registry', details: { target: 'a/b:2', url: 'https://quay.io/v2' } },
    },
  },
  state: { current: 'live', changed: '2024-01-01T00:00:00Z' },
  events: { created: '2023-09-28T13:52:12Z', updated: '2023-09-28T13:52:12Z', deleted: '0001-01-01T00:00:00Z' },
};

describe('an image of Cycle in the catalog', () => {
  it('keeps its document, and shows what a build has', () => {
    expect(toOriginDraft(DOCUMENT)).toEqual({
      ...{ kind: 'CYCLE', externalId: DOCUMENT.id, groupKey: '651586fca6078e98982dbd91', state: 'live' },
      ...{ document: DOCUMENT, related: {}, externalCreatedAt: new Date('2023-09-28T13:52:12Z') },
      build: {
        ...{ name: 'nginx', phase: BuildPhase.AVAILABLE },
        dockerInfo: {
          ...{ dockerImageName: 'quay.io/a/b', dockerVersion: '2', dockerImageSizeMib: 4 },
          exposedPorts: [
            { port: 80, protocol: 'TCP' },
            { port: 53, protocol: 'UDP' },
          ],
        },
      },
    });
  });

  it.each([
    ['new', undefined, 'PENDING'],
    ['new', 'it failed', 'FAILED'],
    ['saving', undefined, 'BUILDING'],
    ['saving', 'it failed', 'FAILED'],
    ['live', 'of before', 'AVAILABLE'],
    ['deleted', undefined, 'DELETED'],
    ['petrified', undefined, 'UNKNOWN'],
    ['__proto__', undefined, 'UNKNOWN'],
  ])('in the state %s with the error %s is %s', (current, message, phase) => {
    const state = { current, error: message === undefined ? undefined : { message } };
    expect(toOriginDraft({ ...DOCUMENT, state }).build.phase).toBe(phase);
  });

  it.each([
    { id: 'x' },
    { id: 'x', name: 7, size: 'big', config: [], source: 'none', state: 'live', events: null },
    { id: 'x', config: { ports: 'all' }, source: { details: { origin: { details: { target: 7 } } } } },
    { id: 'x', config: { ports: [null, 7, { container: 1e9 }] }, size: -1, events: { created: 'soon' } },
  ])('never fails for what is of another type: %j', (document) => {
    expect(toOriginDraft(document)).toMatchObject({ externalId: 'x', build: { phase: 'UNKNOWN' } });
  });

  it('has an id', () => {
    expect(() => toOriginDraft({ name: 'x' })).toThrow(/no id/);
  });
});
