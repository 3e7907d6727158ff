// An HTTP route as plain data and functions, so that formats and the store do not know the HTTP server.
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/** Who may call a route: anyone, or a caller with at least this role in the account of its token. */
export type Access = 'ANYONE' | 'READER' | 'WRITER' | 'MANAGER';

export interface RouteRequest<Principal> {
  method: string;
  /** Path without the query, still percent-encoded. */
  path: string;
  /** Named parts of the path, decoded. */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** The body as it came; empty where there was none. */
  body: Buffer;
  /** Undefined only where the route's access is ANYONE. */
  principal: Principal | undefined;
  /** Aborted when the client hangs up. */
  signal: AbortSignal;
}

export interface RouteResponse {
  status: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: Buffer | string | Readable | object;
}

export interface Route<Principal> {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/v1/builds/:id`; a last part `*` takes the rest. */
  path: string;
  access: Access;
  handle(request: RouteRequest<Principal>): Promise<RouteResponse>;
}

/** Routes that answer errors in one dialect. */
export interface RouteGroup<Principal> {
  name: string;
  routes: Route<Principal>[];
  /** HTTP Basic with a token as the password is accepted too (docker's clients know nothing else). */
  acceptsBasic?: boolean;
  errorResponse(error: unknown, requestId: string): RouteResponse;
}
