import { AllowList, addressOf, isPublicAddress } from '../../src/lib/address-guard.js';

describe('isPublicAddress', () => {
  it.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '::ffff:1.1.1.1', '64:ff9b::101:101'])(
    'lets %s pass',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '203.0.113.7',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2002:c0a8:101::1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '2001:db8::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'example.com',
    '',
  ])('refuses %j', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('addressOf', () => {
  it.each([
    ['http://2130706433/', '127.0.0.1'],
    ['http://0x7f.1/', '127.0.0.1'],
    ['http://0177.0.0.1/', '127.0.0.1'],
    ['http://127.1/', '127.0.0.1'],
    ['http://127.0.0.1./', '127.0.0.1'],
    ['http://１２７.0.0.1/', '127.0.0.1'],
    ['http://[::ffff:127.0.0.1]/', '::ffff:7f00:1'],
    ['http://example.com/', undefined],
  ])('reads the address in %s whatever its spelling', (url, address) => expect(addressOf(new URL(url))).toBe(address));
});

describe('AllowList', () => {
  it('allows every port of a host that was listed without one', () => {
    const list = new AllowList(['Registry.local']);
    expect(list.has(new URL('http://registry.local:5000/'))).toBe(true);
    expect(list.has(new URL('http://other.local/'))).toBe(false);
  });

  it('allows only the listed port, which may be the default one of the scheme', () => {
    const list = new AllowList(['127.0.0.1:5000', 'plain.local:80', '[::1]:443']);
    expect(list.has(new URL('http://127.0.0.1:5000/'))).toBe(true);
    expect(list.has(new URL('http://127.0.0.1:5001/'))).toBe(false);
    expect(list.has(new URL('http://plain.local/'))).toBe(true);
    expect(list.has(new URL('https://plain.local/'))).toBe(false);
    expect(list.has(new URL('https://[::1]/'))).toBe(true);
  });

  it.each(['', 'http://host', 'host/path', 'host:0', 'host:70000', 'host:', 'a b', 'user@host'])(
    'does not take %j for an entry',
    (entry) => expect(() => new AllowList([entry])).toThrow('is not of the form'),
  );
});
