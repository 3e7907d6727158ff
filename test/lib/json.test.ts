import { canonicalJson, isDeeperThan, parseJson, withoutNulls } from '../../src/lib/json.js';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('parseJson', () => {
  it('takes documents of 64 levels and refuses deeper ones', () => {
    expect(parseJson(nested(64))).toBeInstanceOf(Array);
    for (const levels of [65, 100_000]) {
      expect(() => parseJson(nested(levels))).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
    }
    expect(() => parseJson('{"a":'.repeat(65) + '1' + '}'.repeat(65))).toThrow('nested deeper');
  });

  it.each(['', '{', "{'a': 1}", 'NaN', '1 2'])('refuses %j without repeating it', (text) =>
    expect(() => parseJson(text)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: 'The body is not valid JSON.' }),
    ),
  );
});

describe('isDeeperThan', () => {
  it('counts objects and lists, and no other values', () => {
    expect(isDeeperThan('text', 0)).toBe(false);
    expect(isDeeperThan(null, 0)).toBe(false);
    expect(isDeeperThan({}, 0)).toBe(true);
    expect(isDeeperThan({ a: [1, { b: null }] }, 3)).toBe(false);
    expect(isDeeperThan({ a: [1, { b: null }] }, 2)).toBe(true);
  });
});

describe('withoutNulls', () => {
  it('drops members without a value at every depth', () => {
    const value = { a: null, b: undefined, c: 0, d: '', e: false, f: { g: null }, h: [{ i: null, j: 1 }] };
    expect(Object.entries(withoutNulls(value))).toEqual([
      ['c', 0],
      ['d', ''],
      ['e', false],
      ['f', {}],
      ['h', [{ j: 1 }]],
    ]);
  });

  it('keeps dates, and the places of a list', () => {
    const at = new Date(0);
    expect(withoutNulls({ at, list: [at, null, 1] })).toEqual({ at, list: [at, null, 1] });
    expect(withoutNulls(null)).toBeNull();
  });

  it('leaves what it was given as it is', () => {
    const value = { a: null, b: { c: null } };
    withoutNulls(value);
    expect(value).toEqual({ a: null, b: { c: null } });
  });
});

describe('canonicalJson', () => {
  it('is the same text for members in any order', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
    expect(canonicalJson({ a: null, b: [{ c: 2, d: 1 }] })).toBe(canonicalJson({ b: [{ d: 1, c: 2 }], a: null }));
  });

  it('sorts keys as text, also those that look like numbers, so that other languages get the same', () => {
    expect(canonicalJson({ 9: 'nine', 10: 'ten', a: 0, B: 0 })).toBe('{"10":"ten","9":"nine","B":0,"a":0}');
  });

  it('writes values as JSON does', () => {
    const value = { at: new Date(0), none: undefined, text: 'ä"\n', list: [undefined, 1.5], ['__proto__']: 1 };
    expect(canonicalJson(value)).toBe(
      '{"__proto__":1,"at":"1970-01-01T00:00:00.000Z","list":[null,1.5],"text":"ä\\"\\n"}',
    );
  });
});
