import { formatCursor, parsePage } from '../../src/lib/paging.js';
import type { PageArgs } from '../../src/lib/paging.js';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const parse = (args: PageArgs) => parsePage(args, 'NAME ASC');

describe('a page', () => {
  it.each<[PageArgs, object]>([
    [{}, { limit: 50, fromEnd: false }],
    [
      { first: null, last: null },
      { limit: 50, fromEnd: false },
    ],
    [{ first: 200 }, { limit: 200, fromEnd: false }],
    [{ first: 0 }, { limit: 0, fromEnd: false }],
    [{ last: 7 }, { limit: 7, fromEnd: true }],
    [
      { first: null, last: 7 },
      { limit: 7, fromEnd: true },
    ],
  ])('of %j is %j', (args, page) => expect(parse(args)).toEqual({ ...page, after: undefined, before: undefined }));

  it('lies between the places that its cursors name', () => {
    const [after, before] = [
      { value: 'ä"', id: '1' },
      { value: 7, id: '2' },
    ];
    const cursors = { after: formatCursor('NAME ASC', after), before: formatCursor('NAME ASC', before) };
    expect(parse(cursors)).toMatchObject({ after, before });
  });

  it.each<[PageArgs, string]>([
    [{ first: 201 }, 'first'],
    [{ first: -1 }, 'first'],
    [{ last: 201 }, 'last'],
    [{ last: -1 }, 'last'],
    [{ first: 1, last: 1 }, 'first'],
    [{ after: 'nonsense' }, 'after'],
    [{ after: '€' }, 'after'],
    [{ before: encode('text') }, 'before'],
    [{ before: encode(null) }, 'before'],
    [{ after: encode(['NAME ASC']) }, 'after'],
    [{ after: encode(['NAME ASC', 'value']) }, 'after'],
    [{ after: encode(['NAME ASC', null, 'id']) }, 'after'],
    [{ after: encode(['NAME ASC', { value: 1 }, 'id']) }, 'after'],
    [{ after: encode(['NAME ASC', 'value', 5]) }, 'after'],
    [{ after: encode(['NAME ASC', 'NUL \0', 'id']) }, 'after'],
    [{ after: encode(['NAME ASC', 'value', '\0']) }, 'after'],
  ])('is refused, and the argument named, for %j', (args, field) =>
    expect(() => parse(args)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', field: [field] })),
  );

  it('is refused for a cursor of another order, and says so', () => {
    const after = formatCursor('NAME DESC', { value: 'a', id: '1' });
    expect(() => parse({ after })).toThrow('`after` belongs to a list in another order.');
  });
});
