// Why a request to an upstream got no usable answer, told without the path or the query (they may hold a signature).
import { CatalogError } from './errors.js';
import { JobFailure } from './job-failure.js';

export type UpstreamFailureKind =
  | 'DNS'
  | 'CONNECT'
  | 'CERTIFICATE'
  /** The server answered something else where TLS was expected. */
  | 'NOT_TLS'
  /** The connection broke off, before or within the answer. */
  | 'RESET'
  | 'TIMEOUT'
  | 'REDIRECT'
  | 'TOO_LARGE';

export class UpstreamFailure extends Error {
  constructor(
    readonly kind: UpstreamFailureKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'UpstreamFailure';
  }

  /** Whether the same request may well succeed a little later. */
  get isTemporary(): boolean {
    return this.kind === 'RESET' || this.kind === 'TIMEOUT' || codeOf(this.cause) === 'EAI_AGAIN';
  }
}

const DNS_CODES = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'ENODATA'];
const CONNECT_CODES = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EHOSTDOWN', 'EACCES', 'EPERM'];
const TIMEOUT_CODES = ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'];
// OpenSSL's names differ between its versions; its texts do so less.
const NOT_TLS = /wrong.version.number|packet.length.too.long|unknown.protocol/i;
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|HOSTNAME_MISMATCH|INVALID_CA/;

function kindOf(code: string, text: string): UpstreamFailureKind {
  if (DNS_CODES.includes(code)) return 'DNS';
  if (CONNECT_CODES.includes(code)) return 'CONNECT';
  if (TIMEOUT_CODES.includes(code)) return 'TIMEOUT';
  if (NOT_TLS.test(text)) return 'NOT_TLS';
  if (CERTIFICATE.test(code)) return 'CERTIFICATE';
  return 'RESET';
}

const SENTENCES: Record<UpstreamFailureKind, string> = {
  DNS: 'has no address in DNS',
  CONNECT: 'could not be connected to',
  CERTIFICATE: 'has a TLS certificate that is not trusted',
  NOT_TLS: 'does not speak TLS',
  RESET: 'broke the connection off',
  TIMEOUT: 'did not answer in time',
  REDIRECT: 'redirected too often or to nowhere',
  TOO_LARGE: 'answered more than is accepted',
};

/** An error of a socket, of DNS or of the HTTP client as a failure of `host`; any other (an abort's reason) unchanged. */
export function toUpstreamFailure(error: unknown, host: string): unknown {
  const ours = error instanceof UpstreamFailure || error instanceof JobFailure || error instanceof CatalogError;
  const code = codeOf(error);
  if (ours || code === '' || code === 'UND_ERR_ABORTED') return error;
  const kind = kindOf(code, `${code} ${(error as Error).message}`);
  return new UpstreamFailure(kind, `${host} ${SENTENCES[kind]} (${code}).`, { cause: error });
}

// Not by instanceof: jest gives tests another Error than node's own modules have.
function codeOf(error: unknown): string {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown };
  // Happy eyeballs: one error for all addresses, the reasons are inside.
  if (Array.isArray(errors) && errors.length > 0) return codeOf(errors[0]);
  return typeof code === 'string' ? code : '';
}
