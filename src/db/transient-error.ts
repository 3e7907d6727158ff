// Whether an error of the database says that it is away or busy, so that the same work may succeed a little later.

/** Connection exceptions, operator intervention, resources, lock and serialisation failures (PostgreSQL, appendix A). */
const SQLSTATE = /^(?:08|53|55|57|58)|^40(?:001|P01)$|^3D000$/;
const NETWORK = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
];
const SQLITE = ['SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_FULL', 'SQLITE_IOERR', 'SQLITE_CANTOPEN'];
// pg reports these without a code.
const TEXTS =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/i;

export function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message, driverError } = error as { code?: unknown; message?: unknown; driverError?: unknown };
  if (typeof code === 'string' && (SQLSTATE.test(code) || NETWORK.includes(code) || SQLITE.includes(code))) return true;
  if (typeof message === 'string' && TEXTS.test(message)) return true;
  return driverError !== undefined && driverError !== error && isTransient(driverError);
}
