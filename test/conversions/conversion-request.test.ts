import { Architecture } from '../../src/builds/build-parts.js';
import { conversionCredentials, conversionRequest } from '../../src/conversions/conversion-request.js';
import { formatTarget } from '../../src/conversions/image-target.js';
import type { ConvertNitroImageInput } from '../../src/conversions/conversion.input.js';
import { OwnNames } from '../../src/lib/own-names.js';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const defaults = { names: new OwnNames('localhost:4000', ['127.0.0.1:4000']), canSign: false };

const request = (input: string, more: Partial<ConvertNitroImageInput> = {}) =>
  conversionRequest({ inputImage: { name: input }, ...more }, defaults);
const targets = (input: string, output?: string) => {
  const made = request(input, output === undefined ? {} : { outputImage: { name: output } });
  return [formatTarget(made.input), formatTarget(made.output)];
};
const refusal = (...field: string[]) => expect.objectContaining({ code: 'BAD_USER_INPUT', field });

describe('a conversion', () => {
  it('has defaults for everything but the image', () => {
    expect(request('localhost:4000/acme/hello')).toEqual({
      appId: null,
      input: { host: undefined, repository: 'acme/hello', tagOrDigest: 'latest' },
      output: { repository: 'acme/hello', tagOrDigest: expect.stringMatching(/^latest-eif-[0-9a-f]{8}$/) },
      options: {},
      nitro: {},
      architecture: 'AMD64',
    });
  });

  it.each([
    ['localhost:4000/acme/hello:1', '/acme/hello:1', '/acme/hello:1-eif'],
    ['127.0.0.1:4000/acme/hello:1', '/acme/hello:1', '/acme/hello:1-eif'],
    ['LOCALHOST:4000/acme/hello:1', '/acme/hello:1', '/acme/hello:1-eif'],
    ['localhost:5000/acme/hello:1', 'localhost:5000/acme/hello:1', '/acme/hello:1-eif'],
    ['nginx', 'docker.io/library/nginx:latest', '/nginx:latest-eif'],
    ['acme/hello:1', 'docker.io/acme/hello:1', '/acme/hello:1-eif'],
    ['registry-1.docker.io/library/nginx', 'docker.io/library/nginx:latest', '/nginx:latest-eif'],
    ['quay.io/library/nginx:1', 'quay.io/library/nginx:1', '/library/nginx:1-eif'],
    [`quay.io/acme/hello@${DIGEST}`, `quay.io/acme/hello@${DIGEST}`, '/acme/hello:abababababab-eif'],
    [`quay.io/acme/hello:1@${DIGEST}`, `quay.io/acme/hello@${DIGEST}`, '/acme/hello:1-eif'],
    [`a/b:${'t'.repeat(128)}`, `docker.io/a/b:${'t'.repeat(128)}`, `/a/b:${'t'.repeat(115)}-eif`],
  ])('of %s reads %s and writes %s-<hash>', (input, read, written) => {
    const [from, to] = targets(input);
    expect(from).toBe(read);
    expect(to).toMatch(/-[0-9a-f]{8}$/);
    expect(to!.slice(0, -9)).toBe(written);
  });

  it('writes what depends on anything else under another tag, and the same under the same', () => {
    const outputs = [
      targets('localhost:4000/acme/hello:1')[1],
      targets('quay.io/acme/hello:1')[1],
      targets('acme/hello:1')[1],
      formatTarget(request('acme/hello:1', { architecture: Architecture.ARM64 }).output),
      formatTarget(request('acme/hello:1', { converterOptions: { envVars: ['A=1'] } }).output),
    ];
    expect(new Set(outputs).size).toBe(outputs.length);
    expect(targets('127.0.0.1:4000/acme/hello:1')[1]).toBe(outputs[0]);
    expect(formatTarget(request('acme/hello:1', { nitroEnclavesOptions: { cpuCount: 4 } }).output)).toBe(outputs[2]);
  });

  it('writes where it is told to', () => {
    expect(targets('nginx', 'quay.io/acme/nginx-eif:7')[1]).toBe('quay.io/acme/nginx-eif:7');
    expect(targets('nginx', '127.0.0.1:4000/acme/nginx')[1]).toBe('/acme/nginx:latest');
    expect(targets(`localhost:4000/a/b@${DIGEST}`, 'localhost:4000/a/b:1')[1]).toBe('/a/b:1');
  });

  it.each([`acme/hello@${DIGEST}`, `acme/hello:1@${DIGEST}`])('can not write to a digest: %s', (output) =>
    expect(() => targets('nginx', output)).toThrow(refusal('outputImage', 'name')),
  );

  it.each([
    ['localhost:4000/acme/hello:1', '127.0.0.1:4000/acme/hello:1'],
    ['127.0.0.1:4000/acme/hello', 'LocalHost:4000/acme/hello:latest'],
    ['nginx', 'docker.io/library/nginx:latest'],
    ['index.docker.io/library/nginx', 'registry-1.docker.io/library/nginx'],
    ['quay.io/acme/hello:1', 'quay.io/acme/hello:1'],
  ])('can not write %s over itself as %s', (input, output) =>
    expect(() => targets(input, output)).toThrow(refusal('outputImage', 'name')),
  );

  it('names the image whose name is wrong', () => {
    expect(() => targets('UPPER/case')).toThrow(refusal('inputImage', 'name'));
    expect(() => targets('nginx', 'quay.io/a//b')).toThrow(refusal('outputImage', 'name'));
    expect(() => targets('nginx\0')).toThrow(refusal('inputImage', 'name'));
    expect(() => targets('')).toThrow(refusal('inputImage', 'name'));
  });

  it.each(['entrypoint', 'entrypointArgs', 'envVars', 'mutableEnvVars'] as const)(
    'refuses line feeds, NUL and too much in %s, and says where',
    (field) => {
      const given = (words: string[]) => () => request('nginx', { converterOptions: { [field]: words } });
      for (const character of ['\n', '\0']) {
        expect(given(['A=1', `B=${character}`])).toThrow(refusal('converterOptions', field, '1'));
      }
      expect(given([`A=${'x'.repeat(32_767)}`])).toThrow(refusal('converterOptions', field, '0'));
      expect(given([`A=${'x'.repeat(32_766)}`])).not.toThrow();
      expect(given(Array.from({ length: 1_001 }, () => 'A=1'))).toThrow(refusal('converterOptions', field));
      expect(given(Array.from({ length: 1_000 }, () => 'A=1'))).not.toThrow();
      expect(given([])).not.toThrow();
    },
  );

  it('has options of at most 256 KiB, as its build keeps them', () => {
    const given = (length: number) => () =>
      request('nginx', { converterOptions: { envVars: Array.from({ length }, () => `A=${'x'.repeat(32_000)}`) } });
    expect(given(8)).not.toThrow();
    expect(given(9)).toThrow(refusal('converterOptions'));
  });

  it.each(['envVars', 'mutableEnvVars'] as const)('wants NAME=value in %s', (field) => {
    const given = (word: string) => () => request('nginx', { converterOptions: { [field]: [word] } });
    for (const word of ['A', '', '=', '=1']) expect(given(word)).toThrow(refusal('converterOptions', field, '0'));
    for (const word of ['A=', 'A==', 'a.b-c=1 2']) expect(given(word)).not.toThrow();
  });

  it('has bounds for what the enclave gets', () => {
    const given = (nitroEnclavesOptions: object) => () => request('nginx', { nitroEnclavesOptions });
    for (const cpuCount of [0, -1]) {
      expect(given({ cpuCount })).toThrow(refusal('nitroEnclavesOptions', 'cpuCount'));
    }
    for (const memSizeMb of [0, 63]) {
      expect(given({ memSizeMb })).toThrow(refusal('nitroEnclavesOptions', 'memSizeMb'));
    }
    expect(given({ cpuCount: 1, memSizeMb: 64 })()).toMatchObject({ nitro: { cpuCount: 1, memSizeMb: 64 } });
  });

  it('takes an idempotency key of 1 to 255 characters', () => {
    for (const idempotencyKey of ['', 'x'.repeat(256)]) {
      expect(() => request('nginx', { idempotencyKey })).toThrow(refusal('idempotencyKey'));
    }
    expect(JSON.stringify(request('nginx', { idempotencyKey: 'x'.repeat(255) }))).not.toContain('xxx');
  });

  it('keeps credentials apart', () => {
    const inputImage = { name: 'nginx', auth: { username: 'u', password: 'hunter2' } };
    const given = { inputImage, outputImage: { name: 'quay.io/a/b', auth: { username: 'token' } } };
    expect(JSON.stringify(conversionRequest(given, defaults))).not.toMatch(/hunter2|token/);
    expect(conversionCredentials(given)).toEqual({
      input: { username: 'u', password: 'hunter2' },
      output: { username: 'token', password: '' },
    });
    expect(conversionCredentials({ inputImage: { name: 'nginx' } })).toEqual({});
  });
});
