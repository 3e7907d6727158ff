// What a subscriber of the catalog log is told. Documents of before and after are the audit trail's: who follows the
// catalog gets the entry as it is now.
import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, ObjectType } from 'type-graphql';
import { Actor, CatalogChangeKind } from './catalog-log.entity.js';

@ObjectType({ simpleResolvers: true, description: 'One change of the catalog, as `catalogChanges` tells it.' })
export class CatalogChange {
  @Field(() => GraphQLSafeInt, {
    description:
      'Number of the change within the account. Numbers go up; those between are of changes that were not asked for. Pass the last one seen as `afterSeq`.',
  })
  seq!: number;

  @Field({ description: 'When, by the clock of the gateway; of a GAP the time of the first change that is left.' })
  at!: Date;

  @Field(() => CatalogChangeKind, { description: 'What happened.' })
  kind!: CatalogChangeKind;

  @Field({ description: 'What it happened to: Build or App, or what else was asked for; CatalogLog of a GAP.' })
  entityType!: string;

  @Field(() => ID, { description: 'Id of the entity, which may be gone by now; of a GAP that of the account.' })
  entityId!: string;

  @Field(() => Actor, { description: 'Who did it; for what a job made, who asked for the job.' })
  actor!: Actor;
}
