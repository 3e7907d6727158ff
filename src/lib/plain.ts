/**
 * A row as resolvers get it: an object shaped like the class, not an instance of it. Naming the class itself as the
 * type of a `@Root()` would make TypeGraphQL copy every row into an instance, for every field.
 */
export type Plain<T> = T;
