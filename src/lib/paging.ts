// Relay connections with keyset cursors: a cursor holds the order, the last value and the id, so that a page stays
// right while rows are added. https://relay.dev/graphql/connections.htm
import { ArgsType, Field, Int, ObjectType } from 'type-graphql';
import type { ClassType } from 'type-graphql';
import { badInput } from './errors.js';

export const DEFAULT_PAGE = 50;
export const MAX_PAGE = 200;

@ArgsType()
export class PageArgs {
  @Field(() => Int, { nullable: true, description: 'How many from the front; 50 unless told, at most 200.' })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'Only what comes after this cursor.' })
  after?: string | null;

  @Field(() => Int, { nullable: true, description: 'How many from the back, at most 200; not together with `first`.' })
  last?: number | null;

  @Field(() => String, { nullable: true, description: 'Only what comes before this cursor.' })
  before?: string | null;
}

/** A place in an ordered list. */
export interface Position {
  value: string | number;
  id: string;
}

export interface PageRequest {
  limit: number;
  fromEnd: boolean;
  after?: Position;
  before?: Position;
}

@ObjectType({ simpleResolvers: true, description: 'What lies around a page.' })
export class PageInfo {
  @Field({ description: 'True where more follow.' })
  hasNextPage!: boolean;

  @Field({ description: 'True where some come before.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge; null on an empty page.' })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last edge; null on an empty page.' })
  endCursor!: string | null;
}

export interface Edge<Node> {
  cursor: string;
  node: Node;
}

export interface Connection<Node> {
  edges: Edge<Node>[];
  nodes: Node[];
  pageInfo: PageInfo;
  /** Counted only when asked for. */
  totalCount: () => Promise<number>;
}

/** Checks the arguments of a connection against an order; throws BAD_USER_INPUT. */
export function parsePage(args: PageArgs, order: string): PageRequest {
  const { first, last } = args;
  if (typeof first === 'number' && typeof last === 'number')
    throw badInput('Give `first` or `last`, not both.', 'first');
  const name = typeof last === 'number' ? 'last' : 'first';
  const limit = last ?? first ?? DEFAULT_PAGE;
  if (limit < 0 || limit > MAX_PAGE) throw badInput(`\`${name}\` must be between 0 and ${MAX_PAGE}.`, name);
  return {
    limit,
    fromEnd: name === 'last',
    after: args.after ? parseCursor(args.after, order, 'after') : undefined,
    before: args.before ? parseCursor(args.before, order, 'before') : undefined,
  };
}

export const formatCursor = (order: string, { value, id }: Position): string =>
  Buffer.from(JSON.stringify([order, value, id])).toString('base64url');

function parseCursor(cursor: string, order: string, name: string): Position {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw badInput(`\`${name}\` is not a cursor of this API.`, name);
  }
  const [cursorOrder, value, id] = Array.isArray(parts) ? (parts as unknown[]) : [];
  const isValue = typeof value === 'number' || typeof value === 'string';
  // A NUL can only be made up, and PostgreSQL would not take it.
  if (!isValue || typeof id !== 'string' || `${value}${id}`.includes('\0'))
    throw badInput(`\`${name}\` is not a cursor of this API.`, name);
  if (cursorOrder !== order) throw badInput(`\`${name}\` belongs to a list in another order.`, name);
  return { value, id };
}

/** A connection type and its edge type for a class. */
export function connectionOf<T extends object>(node: () => ClassType<T>, name: string): ClassType<Connection<T>> {
  @ObjectType(`${name}Edge`, {
    simpleResolvers: true,
    description: `One ${name} of a page, with its place in the list.`,
  })
  class NodeEdge implements Edge<T> {
    @Field({ description: 'Opaque; pass it as `after` or `before`.' })
    cursor!: string;

    @Field(() => node(), { description: 'The same object that `nodes` has at this place.' })
    node!: T;
  }

  @ObjectType(`${name}Connection`, {
    simpleResolvers: true,
    description: `One page of a list; its nodes are of the type ${name}.`,
  })
  class NodeConnection implements Connection<T> {
    @Field(() => [NodeEdge], { description: 'In the order of the list, with `last` too.' })
    edges!: NodeEdge[];

    @Field(() => [node()], { description: 'The nodes of the edges, for clients that need no cursor for each.' })
    nodes!: T[];

    @Field(() => PageInfo, { description: 'Whether there is more on either side, and the cursors to go on from.' })
    pageInfo!: PageInfo;

    @Field(() => Int, {
      description: 'How many there are in all pages; costs a query of its own, made only when asked for.',
    })
    totalCount!: () => Promise<number>;
  }
  return NodeConnection;
}
