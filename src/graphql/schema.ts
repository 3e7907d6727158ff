// Builds the executable schema from the resolvers of all folders.
import { GraphQLDateTime } from 'graphql-scalars';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import type { NonEmptyArray } from 'type-graphql';

type ResolverClass = new (...args: never[]) => object;

/** @param resolvers instances, or classes that need none */
export function createSchema(resolvers: (object | ResolverClass)[]): GraphQLSchema {
  const instances = new Map<unknown, object>();
  const classes = resolvers.map((resolver) => {
    if (typeof resolver === 'function') return resolver as ResolverClass;
    instances.set(resolver.constructor, resolver);
    return resolver.constructor as ResolverClass;
  });
  return buildSchemaSync({
    resolvers: classes as unknown as NonEmptyArray<ResolverClass>,
    container: { get: (type: ResolverClass) => instances.get(type) ?? new type() },
    scalarsMap: [{ type: Date, scalar: GraphQLDateTime }],
    // Only what the resolvers lead to.
    orphanedTypes: [],
    validate: false,
    // Demanded even though every subscription brings its own source.
    pubSub: { publish: () => undefined, subscribe: () => neverAsked() },
  });
}

function neverAsked(): never {
  throw new Error('Subscriptions read event tables, not a pubSub');
}
