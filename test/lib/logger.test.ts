import { QueryFailedError } from 'typeorm';
import { describeError } from '../../src/lib/logger.js';

describe('an error in the log', () => {
  it('tells its type, code, message and places, and nothing of the rows a statement carried', () => {
    const driverError = Object.assign(new Error('SQLITE_CONSTRAINT: UNIQUE constraint failed: job.id'), {
      code: 'SQLITE_CONSTRAINT',
      detail: 'Failing row contains (very-secret)',
    });
    // As sqlite3's verbose mode makes it.
    driverError.stack +=
      "\n--> in Database#run('INSERT INTO job VALUES (?)', [ 'very-secret' ], [Function])\n    at here (/a/b.js:1:2)";
    const error = new QueryFailedError('INSERT INTO job VALUES (?)', ['very-secret'], driverError);
    error.stack = driverError.stack;
    const described = describeError(error);
    expect(JSON.stringify(described)).not.toMatch(/very-secret|INSERT/);
    expect(described).toMatchObject({
      type: 'QueryFailedError',
      code: 'SQLITE_CONSTRAINT',
      message: 'SQLITE_CONSTRAINT: UNIQUE constraint failed: job.id',
      stack: expect.stringContaining('at here (/a/b.js:1:2)'),
    });
  });

  it.each([['a text'], [undefined], [42]])('may be %j', (thrown) => {
    expect(describeError(thrown)).toMatchObject({ message: String(thrown) });
  });
});
