import { isWithoutProxy } from '../../src/lib/no-proxy.js';

describe('NO_PROXY', () => {
  it.each([
    ['https://registry.example/', 'registry.example', true],
    ['https://a.registry.example/', 'registry.example', true],
    ['https://a.registry.example/', '*.registry.example', true],
    ['https://myregistry.example/', 'registry.example', false],
    ['https://registry.example:5000/', 'registry.example:5000', true],
    ['https://registry.example/', 'registry.example:443', true],
    ['http://registry.example/', 'registry.example:443', false],
    ['https://registry.example/', '*', true],
    ['https://10.1.2.3/', '10.0.0.0/8', true],
    ['https://11.1.2.3/', '10.0.0.0/8', false],
    ['https://[fd00::1]/', 'fd00::/8', true],
    ['https://[fd00::1]/', '[fd00::1]', true],
    ['https://registry.example/', '10.0.0.0/8', false],
    ['https://registry.example/', '10.0.0.0/99', false],
    ['https://registry.example/', '/,:,[,', false],
    ['http://localhost:5000/', '', true],
    ['http://127.8.8.8/', '', true],
    ['http://[::1]/', '', true],
  ])('%s with %j goes without a proxy: %s', (url, list, expected) =>
    expect(isWithoutProxy(new URL(url), list.split(','))).toBe(expected),
  );
});
