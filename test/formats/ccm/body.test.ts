import { ccmErrorResponse } from '../../../src/formats/ccm/ccm-errors.js';
import type { WireBodies } from '../../../src/formats/ccm/wire-bodies.js';
import { readOpenApi } from '../../../src/formats/openapi.js';
import { createBodyReader } from '../../../src/formats/request-body.js';
import { createSchemaCheck } from '../../../src/formats/schema-check.js';
import { hex, WIRE_CREATE_BUILD, wireConversion } from './documents.js';

const APP = 'd9428888-122b-11e1-b85c-61cd3cbb3210';
const { schemas } = readOpenApi('ccm');
const readBody = createBodyReader(schemas, createSchemaCheck(schemas), { dropsUnset: true });
const read = (text: string | Buffer, name: keyof WireBodies = 'CreateBuildRequest') =>
  readBody(name, Buffer.from(text));

/** How the gateway answers a body that it refuses. */
function refused(text: string | Buffer, name?: keyof WireBodies): { status: number; code: string; message: string } {
  try {
    read(text, name);
  } catch (error) {
    const { status, body } = ccmErrorResponse(error, 'request-1');
    return { status, ...(body as { code: string; message: string }) };
  }
  throw new Error('It was not refused');
}

const docker = (info: object) =>
  JSON.stringify({ docker_info: { docker_image_name: 'a', docker_version: '1', ...info } });
const nitro = (change: object) => {
  const values = { hash_algorithm: 'Sha384', pcr0: hex(96), pcr1: hex(96), pcr2: hex(96) };
  return JSON.stringify({ attributes: { nitro_enclave: { nitro_enclave: { ...values, ...change } } } });
};

const REFUSED: [string | Buffer, string, string][] = [
  ['', 'BAD_REQUEST', 'A JSON object is needed as the body.'],
  ['{', 'BAD_REQUEST', 'The body is not valid JSON.'],
  ['threads=1', 'BAD_REQUEST', 'The body is not valid JSON.'],
  [Buffer.from([0x7b, 0xff, 0x7d]), 'BAD_REQUEST', 'The body is not valid UTF-8.'],
  [`{"a":${'['.repeat(100)}${']'.repeat(100)}}`, 'BAD_REQUEST', 'The document is nested deeper than 64 levels.'],
  ['['.repeat(1_000_000), 'BAD_REQUEST', 'The body is not valid JSON.'],
  ['[]', 'INVALID_BODY_PARAMETER', 'The body must be an object.'],
  ['null', 'INVALID_BODY_PARAMETER', 'The body must be an object.'],
  ['"text"', 'INVALID_BODY_PARAMETER', 'The body must be an object.'],
  ['{"threads":"4"}', 'INVALID_BODY_PARAMETER', 'threads must be a whole number.'],
  ['{"threads":1.5}', 'INVALID_BODY_PARAMETER', 'threads must be a whole number.'],
  ['{"threads":true}', 'INVALID_BODY_PARAMETER', 'threads must be a whole number.'],
  ['{"threads":-1}', 'INVALID_BODY_PARAMETER', 'threads must be at least 0.'],
  [
    '{"threads":2147483648}',
    'INVALID_BODY_PARAMETER',
    'threads must be a whole number between -2147483648 and 2147483647.',
  ],
  ['{"mem_size":1e400}', 'INVALID_BODY_PARAMETER', 'mem_size must be a whole number.'],
  [
    '{"mem_size":9007199254740993}',
    'INVALID_BODY_PARAMETER',
    'mem_size must be a whole number between -9007199254740991 and 9007199254740991.',
  ],
  [
    '{"enable_overlay_filesystem_persistence":"False"}',
    'INVALID_BODY_PARAMETER',
    'enable_overlay_filesystem_persistence must be true or false.',
  ],
  ['{"app_id":"seven"}', 'INVALID_BODY_PARAMETER', 'app_id must be a UUID.'],
  ['{"app_name":7}', 'INVALID_BODY_PARAMETER', 'app_name must be text.'],
  ['{"mrenclave":"abc"}', 'INVALID_BODY_PARAMETER', 'mrenclave must be 64 hex digits.'],
  ['{"docker_info":"a"}', 'INVALID_BODY_PARAMETER', 'docker_info must be an object.'],
  ['{"docker_info":""}', 'INVALID_BODY_PARAMETER', 'docker_info must be an object.'],
  ['{"docker_info":{}}', 'MISSING_REQUIRED_PARAMETER', 'docker_info.docker_image_name is missing.'],
  [docker({ docker_image_name: '' }), 'MISSING_REQUIRED_PARAMETER', 'docker_info.docker_image_name is missing.'],
  [
    docker({ docker_image_name: ' ' }),
    'INVALID_BODY_PARAMETER',
    'docker_info.docker_image_name must be the name of a docker image.',
  ],
  [
    docker({ docker_version: 'v'.repeat(256) }),
    'INVALID_BODY_PARAMETER',
    'docker_info.docker_version must have at most 255 characters.',
  ],
  [docker({ exposed_ports: {} }), 'INVALID_BODY_PARAMETER', 'docker_info.exposed_ports must be a list.'],
  [
    docker({ exposed_ports: [{ port: 0, protocol: 'Tcp' }] }),
    'INVALID_BODY_PARAMETER',
    'docker_info.exposed_ports[0].port must be at least 1.',
  ],
  [
    docker({ exposed_ports: [{ port: 65536, protocol: 'Tcp' }] }),
    'INVALID_BODY_PARAMETER',
    'docker_info.exposed_ports[0].port must be at most 65535.',
  ],
  [
    docker({ exposed_ports: [{ port: 1, protocol: 'TCP' }] }),
    'INVALID_BODY_PARAMETER',
    'docker_info.exposed_ports[0].protocol must be one of Tcp, Udp.',
  ],
  [docker({ exposed_ports: [null] }), 'INVALID_BODY_PARAMETER', 'docker_info.exposed_ports[0] must be an object.'],
  [
    nitro({ hash_algorithm: 'SHA384' }),
    'INVALID_BODY_PARAMETER',
    'attributes.nitro_enclave.nitro_enclave.hash_algorithm must be Sha384.',
  ],
  [
    nitro({ hash_algorithm: '' }),
    'MISSING_REQUIRED_PARAMETER',
    'attributes.nitro_enclave.nitro_enclave.hash_algorithm is missing.',
  ],
  [
    nitro({ pcr1: hex(64) }),
    'INVALID_BODY_PARAMETER',
    'attributes.nitro_enclave.nitro_enclave.pcr1 must be 96 hex digits.',
  ],
  [
    '{"attributes":{"a/b":{"aci":{"policy":"?"}}}}',
    'INVALID_BODY_PARAMETER',
    'attributes."a/b".aci.policy must be base64.',
  ],
  [
    '{"attributes":{"a":{"secure_vm":{}}}}',
    'INVALID_BODY_PARAMETER',
    'attributes.a has the member secure_vm, which is not known here.',
  ],
  [
    JSON.stringify({ attributes: { a: { sgx: { mrenclave: hex(64) }, aci: { policy: 'YQ==' } } } }),
    'INVALID_BODY_PARAMETER',
    'attributes.a must have at most 1 member.',
  ],
  ['{"attributes":{"":{}}}', 'INVALID_BODY_PARAMETER', 'attributes has a name that is empty or too long.'],
  [
    '{"advanced_settings":{"java_runtime":"JAVA_ORACLE"}}',
    'INVALID_BODY_PARAMETER',
    'advanced_settings.java_runtime must be one of JAVA-ORACLE, OPENJDK, OPENJ9, LIBERTY-JRE.',
  ],
  [
    '{"advanced_settings":{"entrypoint":"/bin/sh"}}',
    'INVALID_BODY_PARAMETER',
    'advanced_settings.entrypoint must be a list.',
  ],
  ['{"launch_hint":{}}', 'MISSING_REQUIRED_PARAMETER', 'launch_hint.azure_resource_template is missing.'],
];

describe('a body for CCM', () => {
  it('is kept to the letter where it is right', () => {
    expect(read(JSON.stringify(WIRE_CREATE_BUILD))).toStrictEqual(WIRE_CREATE_BUILD);
    const conversion = wireConversion(APP);
    expect(read(JSON.stringify(conversion), 'NitroEnclavesConversionRequest')).toStrictEqual(conversion);
  });

  it('may begin with a byte order mark and stand in white space', () => {
    expect(read('\uFEFF {"threads": 1}\r\n')).toEqual({ threads: 1 });
  });

  it.each([
    [
      'null anywhere',
      '{"mem_size":null,"docker_info":null,"advanced_settings":{"entrypoint":null}}',
      { advanced_settings: {} },
    ],
    ['empty text for a number', '{"mem_size":"","threads":"","isvsvn":""}', {}],
    ['empty text for a boolean', '{"enable_overlay_filesystem_persistence":""}', {}],
    [
      'empty text for an enum',
      '{"advanced_settings":{"java_runtime":"","certificate":{"issuer":"","keyType":""}}}',
      { advanced_settings: { certificate: {} } },
    ],
    ['empty text for an identifier', '{"app_id":"","group_id":""}', {}],
    ['empty text for a measurement', '{"mrenclave":"","mrsigner":""}', {}],
    ['null for a platform', '{"attributes":{"a":{"sgx":null,"secure_vm":null}}}', { attributes: { a: {} } }],
  ])('may say nothing by %s', (_name, text, expected) => {
    expect(read(text)).toStrictEqual(expected);
  });

  it('keeps empty text where text is free', () => {
    expect(read(docker({ docker_version: '' }))).toMatchObject({ docker_info: { docker_version: '' } });
    expect(read('{"app_name":"","launch_hint":{"azure_resource_template":""}}')).toMatchObject({ app_name: '' });
  });

  it('may have members that nobody knows', () => {
    const text = '{"javaMode":{"deep":[null,""]},"advanced_settings":{"caCertificate":{"caPath":"","system":""}}}';
    expect(() => read(text)).not.toThrow();
    expect(() => read('{"__proto__":{"a":1},"constructor":1,"toString":null}')).not.toThrow();
  });

  it.each(REFUSED.map(([text, code, message]) => ({ text, code, message })))(
    'is refused: $message',
    ({ text, code, message }) => {
      expect(refused(text)).toEqual({ status: 400, code, message });
    },
  );

  it.each(['{"app_name":"a\\u0000b"}', '{"app_name":"\\ud800"}', '{"unknown":{"\\u0000":1}}'])(
    'has no text that can not be kept: %s',
    (text) => {
      expect(refused(text)).toMatchObject({ status: 400, code: 'INVALID_BODY_PARAMETER' });
      expect(() => read('{"app_name":"\\\\u0000 \\ud83d\\ude00"}')).not.toThrow();
    },
  );

  it('is never repeated, since it may hold secrets', () => {
    const conversion = wireConversion(APP);
    const password = ['top-secret'];
    const request = { ...conversion.request, input_image: { name: 'a', auth_config: { username: 'u', password } } };
    const { message } = refused(JSON.stringify({ ...conversion, request }), 'NitroEnclavesConversionRequest');
    expect(message).toBe('request.input_image.auth_config.password must be text.');
  });

  it('has everything a conversion needs', () => {
    const conversion = wireConversion(APP);
    for (const name of ['app_id', 'input_image', 'output_image', 'converter_options']) {
      const request = { ...conversion.request, [name]: undefined };
      const answer = refused(JSON.stringify({ ...conversion, request }), 'NitroEnclavesConversionRequest');
      expect(answer).toEqual({
        status: 400,
        code: 'MISSING_REQUIRED_PARAMETER',
        message: `request.${name} is missing.`,
      });
    }
    const { request } = conversion;
    expect(refused(JSON.stringify({ request }), 'NitroEnclavesConversionRequest').message).toBe(
      'nitro_enclaves_options is missing.',
    );
  });
});
