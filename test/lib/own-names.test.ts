import { OwnNames } from '../../src/lib/own-names.js';

const names = new OwnNames('localhost:4000', ['127.0.0.1:4000']);

describe('names in the own store', () => {
  it.each([
    ['localhost:4000/acme/hello', '/acme/hello'],
    ['127.0.0.1:4000/acme/hello:1', '/acme/hello:1'],
    ['LocalHost:4000/acme/hello', '/acme/hello'],
    ['localhost/acme/hello', 'localhost/acme/hello'],
    ['localhost:5000/acme/hello', 'localhost:5000/acme/hello'],
    ['docker.io/localhost:4000/hello', 'docker.io/localhost:4000/hello'],
    ['localhost:4000', 'localhost:4000'],
    ['/acme/hello', '/acme/hello'],
    ['', ''],
  ])('are kept without the host: %j as %j', (name, stored) => expect(names.toStored(name)).toBe(stored));

  it('are shown with the host of today, under whatever name they came', () => {
    expect(names.toShown(names.toStored('127.0.0.1:4000/acme/hello'))).toBe('localhost:4000/acme/hello');
    expect(new OwnNames('new.example').toShown(names.toStored('localhost:4000/acme/hello'))).toBe(
      'new.example/acme/hello',
    );
    expect(names.toShown('quay.io/acme/hello')).toBe('quay.io/acme/hello');
  });
});
