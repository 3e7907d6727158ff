// Who is behind each socket. A socket lives longer than one request, so its token is looked at again and again: for
// each operation, for events at most once a second, and at once where rights have changed.
import { CloseCode } from 'graphql-ws';
import type { Context } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { hasRole } from '../auth/principal.js';
import type { Caller, Role } from '../auth/principal.js';
import { CatalogError } from '../lib/errors.js';

const RECHECK_MS = 1_000;
const MAX_SOCKETS_OF_CALLER = 100;

export interface Extra extends Record<PropertyKey, unknown> {
  socket: WebSocket;
  request: { socket: { remoteAddress?: string } };
  tokenId?: string;
  /** Where the caller works; a socket does not outlive a change of that. */
  accountId?: string | null;
  /** What the caller may do there; nor does it outlive a loss of that, as streams were begun with it. */
  role?: Role | null;
  /** When the caller was last looked up. */
  checkedAt?: number;
}

export type SocketContext = Context<Record<string, unknown>, Extra>;

export class SocketCallers {
  private readonly open = new Set<SocketContext>();

  /** @param authenticate the caller behind the payload of connection_init; throws UNAUTHENTICATED */
  constructor(
    private readonly authenticate: (payload: Record<string, unknown>, address: string) => Promise<Caller>,
    private readonly failed: (error: unknown) => Error,
  ) {}

  /** Whether the socket is let in: not without a token, and not the hundred and first of one. */
  async connect(context: SocketContext): Promise<boolean> {
    const caller = await this.callerOf(context);
    if (!caller) return false;
    const { tokenId, accountId, role } = caller;
    if ([...this.open].filter(({ extra }) => extra.tokenId === tokenId).length >= MAX_SOCKETS_OF_CALLER) return false;
    Object.assign(context.extra, { tokenId, accountId, role, checkedAt: Date.now() });
    this.open.add(context);
    return true;
  }

  disconnect(context: SocketContext): void {
    this.open.delete(context);
  }

  /** The caller as of now; closes the socket where its token is void, or stands for another account or for less. */
  async check(context: SocketContext): Promise<Caller | undefined> {
    const caller = await this.callerOf(context);
    context.extra.checkedAt = Date.now();
    if (caller && caller.accountId === context.extra.accountId && mayAsMuch(caller, context.extra)) {
      context.extra.role = caller.role;
      return caller;
    }
    context.extra.socket.close(CloseCode.Forbidden, 'Forbidden');
    return undefined;
  }

  async checkNowAndThen(context: SocketContext): Promise<void> {
    if (Date.now() - context.extra.checkedAt! > RECHECK_MS) await this.check(context);
  }

  checkAll(): void {
    // What fails here fails again, and is told, at the next operation or event.
    for (const context of this.open) void this.check(context).catch(() => undefined);
  }

  private async callerOf({ connectionParams, extra }: SocketContext): Promise<Caller | undefined> {
    const address = extra.request.socket.remoteAddress ?? 'unknown';
    try {
      return await this.authenticate(connectionParams ?? {}, address);
    } catch (error) {
      if (error instanceof CatalogError && error.code === 'UNAUTHENTICATED') return undefined;
      throw this.failed(error);
    }
  }
}

const mayAsMuch = ({ role }: Caller, before: Pick<Extra, 'role'>): boolean =>
  !before.role || (role !== null && hasRole({ role }, before.role));
