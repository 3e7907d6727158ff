import { badInput, CatalogError, ERROR_STATUS, notFound } from '../../src/lib/errors.js';
import type { ErrorCode } from '../../src/lib/errors.js';
import { withUserErrors } from '../../src/lib/user-error.js';

const CODES = Object.keys(ERROR_STATUS) as ErrorCode[];
const MENDABLE = ['BAD_USER_INPUT', 'NOT_FOUND', 'CONFLICT', 'FEATURE_NOT_SUPPORTED'];

describe('errors', () => {
  it('have the HTTP status of their code unless they bring their own', () => {
    expect(CODES).toHaveLength(9);
    for (const code of CODES) expect(new CatalogError(code, 'why').status).toBe(ERROR_STATUS[code]);
    const busy = new CatalogError('TOO_MANY_REQUESTS', 'why', { status: 503, retryAfterSeconds: 7 });
    expect(busy).toMatchObject({ status: 503, retryAfterSeconds: 7, name: 'CatalogError', message: 'why' });
  });

  it('name the value that is wrong', () => {
    expect(badInput('why', 'a', 'b')).toMatchObject({ code: 'BAD_USER_INPUT', field: ['a', 'b'] });
    expect(badInput('why').field).toBeUndefined();
    expect(notFound('job', 'a"b')).toMatchObject({
      code: 'NOT_FOUND',
      message: 'There is no job with the id "a\\"b".',
    });
  });
});

describe('a mutation', () => {
  it('answers what it made and no errors', async () => {
    expect(await withUserErrors(async () => ({ app: 1 }))).toEqual({ app: 1, userErrors: [] });
  });

  it.each(CODES.filter((code) => MENDABLE.includes(code)))('answers %s as data', async (code) => {
    const failing = withUserErrors(() => Promise.reject(new CatalogError(code, 'why', { field: ['name'] })));
    expect(await failing).toEqual({ userErrors: [{ code, message: 'why', field: ['name'] }] });
    const placeless = withUserErrors(() => Promise.reject(new CatalogError(code, 'why')));
    expect(await placeless).toEqual({ userErrors: [{ code, message: 'why', field: null }] });
  });

  it.each(CODES.filter((code) => !MENDABLE.includes(code)))('throws %s', async (code) => {
    await expect(withUserErrors(() => Promise.reject(new CatalogError(code, 'why')))).rejects.toMatchObject({ code });
  });

  it('throws what nobody expected', async () => {
    await expect(withUserErrors(() => Promise.reject(new TypeError('defect')))).rejects.toThrow(TypeError);
  });
});
