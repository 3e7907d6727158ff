import { isHexId, isUuid, newHexId, newId } from '../../src/lib/ids.js';

afterEach(() => jest.useRealTimers());

describe('ids', () => {
  it('are UUIDs of version 7, and 24 hex digits for jobs', () => {
    expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(isUuid(newId())).toBe(true);
    expect(isHexId(newHexId())).toBe(true);
    expect([isUuid(newHexId()), isHexId(newId()), isHexId(newHexId().toUpperCase())]).toEqual([false, false, false]);
  });

  it('are never the same', () => {
    const ids = Array.from({ length: 10_000 }, () => [newId(), newHexId()]).flat();
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('sort in the order they were made in', () => {
    jest.useFakeTimers({ now: Date.UTC(2001, 8, 9) });
    const ids: [string, string][] = [];
    for (let second = 0; second < 20; second += 1) {
      ids.push([newId(), newHexId()]);
      jest.advanceTimersByTime(second % 2 === 0 ? 1_000 : 1e10);
    }
    const [uuids, hexIds] = [ids.map(([uuid]) => uuid), ids.map(([, hex]) => hex)];
    expect([...uuids].sort()).toEqual(uuids);
    expect([...hexIds].sort()).toEqual(hexIds);
  });

  it('sort in order also within a millisecond, those that are UUIDs', () => {
    const uuids = Array.from({ length: 1_000 }, newId);
    expect([...uuids].sort()).toEqual(uuids);
  });
});
