// An HTTP route as plain data and functions, so that formats and the store do not know the HTTP server.
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/**
 * Who may call a route: anyone, whoever is signed in (with or without an account), or a caller with at least this role
 * in the account of its token.
 */
export type Access = 'ANYONE' | 'USER' | 'READER' | 'WRITER' | 'MANAGER';

/** @typeParam Caller somebody signed in; @typeParam Principal somebody signed in, in an account. */
export interface RouteRequest<Principal, Caller = Principal> {
  method: string;
  /** Path and query as on the request line. */
  target: string;
  /** Path without the query, still percent-encoded. */
  path: string;
  /** Named parts of the path, decoded. */
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** The body as it came; empty where there was none, and where the route streams it. */
  body: Buffer;
  /** The body as it comes, of whatever length; only where the route streams it. */
  stream?: Readable;
  /** Undefined only where the route's access is ANYONE or USER. */
  principal: Principal | undefined;
  /** Undefined only where the route's access is ANYONE. */
  caller: Caller | undefined;
  /** Network address of the other end. */
  remoteAddress: string;
  /** Aborted when the client hangs up. */
  signal: AbortSignal;
}

/** What a signature over a request is made of: nothing of it was decoded or put together. */
export interface RawRequest {
  method: string;
  /** Path and query as on the request line. */
  target: string;
  /** Names and values in turns, as they were sent. */
  rawHeaders: string[];
  headers: IncomingHttpHeaders;
  /** Empty where there was none, and where the route streams it. */
  body: Buffer;
  /** Network address of the other end. */
  remoteAddress: string;
}

export interface RouteResponse {
  status: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: Buffer | string | Readable | object;
}

export interface Route<Principal, Caller = Principal> {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/v1/builds/:id`; a last part `*` takes the rest. */
  path: string;
  access: Access;
  /** Whether `handle` reads the body itself, as it comes; else it is bounded and read before. */
  streamsBody?: boolean;
  handle(request: RouteRequest<Principal, Caller>): Promise<RouteResponse>;
}

/** Routes that answer errors in one dialect. */
export interface RouteGroup<Principal, Caller = Principal> {
  name: string;
  routes: Route<Principal, Caller>[];
  /** HTTP Basic with a token as the password is accepted too (docker's clients know nothing else). */
  acceptsBasic?: boolean;
  /**
   * Who sends a request, where that is not told by a token; throws UNAUTHENTICATED. Not called for routes that anyone may
   * call: those have no caller then.
   */
  authenticate?(request: RawRequest): Promise<Caller>;
  /** Paths, without the query, of this dialect that no route serves; what they answer is in its words too. */
  unknown?: RegExp;
  /** @param route undefined where none serves the request */
  errorResponse(error: unknown, requestId: string, route?: Route<Principal, Caller>): RouteResponse;
}
