import { ccmErrorResponse, CcmError } from '../../../src/formats/ccm/ccm-errors.js';
import { SchemaViolation } from '../../../src/formats/schema-violation.js';
import { badInput, CatalogError, ERROR_STATUS } from '../../../src/lib/errors.js';
import type { ErrorCode } from '../../../src/lib/errors.js';
import { itWithVendor } from './vendor.js';

const answer = (error: unknown) => ccmErrorResponse(error, 'request-1');
const plain = (code: ErrorCode, field?: string[]) => new CatalogError(code, 'Why.', { field });

describe('an error as CCM tells it', () => {
  it.each<[CatalogError, number, string]>([
    [plain('UNAUTHENTICATED'), 401, 'UNAUTHORIZED'],
    [plain('FORBIDDEN'), 403, 'FORBIDDEN'],
    [plain('BAD_USER_INPUT'), 400, 'BAD_REQUEST'],
    [plain('BAD_USER_INPUT', ['appName']), 400, 'INVALID_BODY_PARAMETER'],
    [new CatalogError('BAD_USER_INPUT', 'Why.', { status: 413 }), 413, 'REQUEST_PAYLOAD_TOO_LARGE'],
    [plain('NOT_FOUND'), 404, 'NOT_FOUND'],
    [plain('CONFLICT', ['name']), 400, 'UNIQUE_VIOLATION'],
    [plain('CONFLICT', ['idempotencyKey']), 409, 'CONFLICT'],
    [plain('TOO_MANY_REQUESTS'), 429, 'TOO_MANY_REQUESTS'],
    [plain('FEATURE_NOT_SUPPORTED'), 501, 'FEATURE_NOT_SUPPORTED'],
    [plain('UPSTREAM_FAILED'), 502, 'BAD_GATEWAY'],
    [plain('INTERNAL_SERVER_ERROR'), 500, 'INTERNAL_SERVER_ERROR'],
    [new CcmError('CONFLICT', 'CONFLICT', 'Why.'), 409, 'CONFLICT'],
    [new SchemaViolation('Why.', 'path'), 400, 'INVALID_PATH_PARAMETER'],
    [new SchemaViolation('Why.', 'query'), 400, 'INVALID_QUERY_PARAMETER'],
    [new SchemaViolation('Why.', 'body'), 400, 'INVALID_BODY_PARAMETER'],
    [new SchemaViolation('Why.', 'query', { isMissing: true }), 400, 'MISSING_REQUIRED_PARAMETER'],
  ])('%j is %i %s', (error, status, code) => {
    const { status: given, body } = answer(error);
    expect([given, (body as { code: string }).code]).toEqual([status, code]);
  });

  itWithVendor('is such as the vendor describes, in whatever way a request can fail', (check) => {
    const unexpected = answer(new TypeError('password is hunter2'));
    const conflict = answer(plain('CONFLICT', ['idempotencyKey']));
    const all = Object.keys(ERROR_STATUS).map((code) => answer(plain(code as ErrorCode)));
    for (const { body } of [unexpected, conflict, ...all]) expect(check('Event', body)).toEqual([]);
  });

  it('tells nothing of what is unexpected', () => {
    const { status, body } = answer(new TypeError('password is hunter2'));
    expect([status, body]).toEqual([
      500,
      {
        message: 'Something went wrong inside the gateway. Its log has the details under request-1.',
        code: 'INTERNAL_SERVER_ERROR',
      },
    ]);
  });

  it('says how to sign in', () => {
    expect(answer(plain('UNAUTHENTICATED')).headers).toEqual({ 'www-authenticate': 'Bearer' });
    expect(answer(plain('FORBIDDEN')).headers).toBeUndefined();
  });

  it.each([
    [
      badInput('`memSizeMb` is odd.', 'nitroEnclavesOptions', 'memSizeMb'),
      'nitro_enclaves_options.mem_size: `mem_size` is odd.',
    ],
    [badInput('It is odd.', 'converterOptions', 'envVars', '3'), 'request.converter_options.env_vars[3]: It is odd.'],
    [badInput('It is odd.', 'inputImage', 'auth', 'username'), 'request.input_image.auth_config.username: It is odd.'],
    [badInput('It is odd.', 'constructor'), 'constructor: It is odd.'],
    [plain('NOT_FOUND', ['appId']), 'app_id: Why.'],
    [plain('CONFLICT', ['idempotencyKey']), 'Why.'],
  ])('names fields as the wire does: %j', (error, message) => {
    expect((answer(error).body as { message: string }).message).toBe(message);
  });
});
