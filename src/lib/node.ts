// The Node interface of Relay: everything that has an id of its own. Rows carry `__typename`, which it resolves by.
import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType({
  description: 'Everything that has an id of its own and can be fetched by it.',
  resolveType: (value: { __typename: string }) => value.__typename,
})
export abstract class Node {
  @Field(() => ID, { description: 'Unique over all types: 24 hex digits for jobs, a UUID for anything else.' })
  id!: string;
}
