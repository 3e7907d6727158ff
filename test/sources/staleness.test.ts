import { nextAt, retryAt } from '../../src/sources/next-sync.js';
import { isStale } from '../../src/sources/staleness.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

describe('what is shown of an imported build', () => {
  const origin = (seconds: number) => ({ fetchedAt: ago(seconds), goneAt: null });
  it.each([
    ['fresh until three imports were missed', origin(299), { syncEverySeconds: 100, lastSyncedAt: null }, false],
    ['stale after that', origin(301), { syncEverySeconds: 100, lastSyncedAt: null }, true],
    [
      'as fresh as its source, which was looked at since',
      origin(9_999),
      { syncEverySeconds: 100, lastSyncedAt: ago(9) },
      false,
    ],
    [
      'stale after a day where imports are started by hand',
      origin(86_401),
      { syncEverySeconds: null, lastSyncedAt: null },
      true,
    ],
    ['fresh for a day where its source was deleted', origin(86_399), undefined, false],
    ['never stale once it is gone', { fetchedAt: ago(1e6), goneAt: ago(1e6) }, undefined, false],
  ])('is %s', (_what, told, source, stale) => {
    expect(isStale(told, source, NOW)).toBe(stale);
  });
});

describe('the next import', () => {
  const seconds = (at: Date | null) => (at!.getTime() - NOW.getTime()) / 1000;

  it('comes about when it should, and later the more often one failed, within an hour', () => {
    const source = { syncEverySeconds: 100 };
    for (let turn = 0; turn < 50; turn++) {
      expect(Math.abs(seconds(nextAt(source, NOW)) - 100)).toBeLessThanOrEqual(10);
      expect(Math.abs(seconds(retryAt(source, 3, NOW)) - 400)).toBeLessThanOrEqual(40);
      expect(seconds(retryAt(source, 40, NOW))).toBeLessThanOrEqual(3_960);
      expect(seconds(retryAt({ syncEverySeconds: 86_400 }, 2, NOW))).toBeLessThanOrEqual(95_040);
    }
    expect(nextAt({ syncEverySeconds: null }, NOW)).toBeNull();
  });
});
