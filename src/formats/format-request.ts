// A request as the functions of a format get it: checked against the format's OpenAPI document.
import type { IncomingHttpHeaders } from 'node:http';
import { requireAccess, requireCaller } from '../auth/principal.js';
import type { Caller, Principal } from '../auth/principal.js';
import type { RouteRequest } from '../lib/route.js';

interface Checked<Query, Body> {
  path: Record<string, string>;
  query: Query;
  body: Body;
}

export class FormatRequest<Query, Body> {
  /** Parameters of the path, decoded, by their names in camel case. */
  readonly path: Record<string, string>;
  /** Numbers and booleans as such; what was left out is undefined. */
  readonly query: Query;
  readonly body: Body;

  constructor(
    private readonly raw: RouteRequest<Principal, Caller>,
    /** The prefix that the path came with, for paths that the answer leads to. */
    readonly base: string,
    { path, query, body }: Checked<Query, Body>,
  ) {
    this.path = path;
    this.query = query;
    this.body = body;
  }

  /** The caller in its account; throws what it lacks for that. */
  get principal(): Principal {
    const { caller } = this.raw;
    requireAccess(caller, 'READER');
    return caller;
  }

  get caller(): Caller {
    const { caller } = this.raw;
    requireCaller(caller);
    return caller;
  }

  /** For operations that anyone may call. */
  get someone(): Caller | undefined {
    return this.raw.caller;
  }

  /** Path and query as on the request line. */
  get target(): string {
    return this.raw.target;
  }

  get headers(): IncomingHttpHeaders {
    return this.raw.headers;
  }

  get remoteAddress(): string {
    return this.raw.remoteAddress;
  }

  /** Aborted when the client hangs up. */
  get signal(): AbortSignal {
    return this.raw.signal;
  }
}
