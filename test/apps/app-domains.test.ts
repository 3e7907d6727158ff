import { domainChange, parseDomains, settledDomains } from '../../src/apps/app-domains.js';

const app = (more: object = {}) => ({ allowedDomains: [], whitelistedDomains: [], pendingTaskId: null, ...more });
const longest = `${'a'.repeat(61)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}`;

describe('the domains of an app', () => {
  it('are kept in lower case, each once, in their order', () => {
    expect(parseDomains(['B.example', 'a.example', 'b.EXAMPLE', '*.B.example'])).toEqual([
      ...['b.example', 'a.example', '*.b.example'],
    ]);
  });

  it.each([
    'localhost',
    'a.b-c.example',
    '*.example',
    'xn--bcher-kva.example',
    '1.example',
    '_acme.a_b.example',
    '_',
    longest,
  ])('may be %s', (domain) => expect(parseDomains([domain])).toEqual([domain]));

  it.each([
    ...['', ' ', '*', '*.', 'a..b', '.a', 'a.', '-a.example', 'a-.example', 'a.*.example', '**.example'],
    ...['a.example\n', 'a.example:443', 'https://a.example', 'bücher.example', `${'a'.repeat(64)}.example`],
    `${longest}a`,
  ])('may not be %j', (domain) => {
    const refusal = { code: 'BAD_USER_INPUT', field: ['allowedDomains', '1'] };
    expect(() => parseDomains(['a.example', domain])).toThrow(expect.objectContaining(refusal));
  });

  it('are at most 256', () => {
    const domains = Array.from({ length: 256 }, (_, index) => `a${index}.example`);
    expect(parseDomains(domains)).toEqual(domains);
    expect(() => parseDomains([...domains, 'b.example'])).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });
});

describe('asking for other domains', () => {
  it('adds those that are not approved and removes those that are not asked for any more', () => {
    const before = app({ allowedDomains: ['a', 'b'], whitelistedDomains: ['a', 'b'] });
    expect(domainChange(before, ['b', 'c'])).toEqual({
      ...{ allowedDomains: ['b', 'c'], domainsAdded: ['c'], domainsRemoved: ['a'] },
    });
    expect(domainChange(before, [])).toMatchObject({ domainsAdded: [], domainsRemoved: ['a', 'b'] });
  });

  it('changes nothing where they are approved and asked for already, in whatever order', () => {
    const before = app({ allowedDomains: ['a', 'b'], whitelistedDomains: ['b', 'a'] });
    expect(domainChange(before, ['b', 'a'])).toBeUndefined();
    expect(domainChange(app(), [])).toBeUndefined();
  });

  it('goes back to the approved ones without anything to decide', () => {
    const denied = app({ allowedDomains: ['a', 'b'], whitelistedDomains: ['a'] });
    expect(domainChange(denied, ['a'])).toEqual({ allowedDomains: ['a'], domainsAdded: [], domainsRemoved: [] });
  });

  it('asks again for what was denied', () => {
    const denied = app({ allowedDomains: ['a'] });
    expect(domainChange(denied, ['a'])).toMatchObject({ domainsAdded: ['a'], domainsRemoved: [] });
  });

  it('is refused while a task is pending, unless they are what it is about', () => {
    const pending = app({ allowedDomains: ['a'], pendingTaskId: 'task' });
    expect(domainChange(pending, ['a'])).toBeUndefined();
    for (const asked of [[], ['b'], ['a', 'b']]) {
      const refusal = { code: 'CONFLICT', reason: 'INVALID_STATE', field: ['allowedDomains'] };
      expect(() => domainChange(pending, asked)).toThrow(expect.objectContaining(refusal));
    }
  });
});

describe('the end of a task about domains', () => {
  const pending = app({ allowedDomains: ['a'], whitelistedDomains: ['b'], pendingTaskId: 'task' });

  it('makes what was asked for what is approved, or leaves that', () => {
    const settled = { domainsAdded: [], domainsRemoved: [], pendingTaskId: null };
    expect(settledDomains(pending, true)).toEqual({ whitelistedDomains: ['a'], ...settled });
    expect(settledDomains(pending, false)).toEqual({ whitelistedDomains: ['b'], ...settled });
  });
});
