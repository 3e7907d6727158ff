// What GraphQL tells of every origin, and what a format adds of its own vendor's.
import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, ID, InterfaceType } from 'type-graphql';
import type { ClassType } from 'type-graphql';
import type { Batched, RequestContext } from '../auth/request-context.js';
import type { Build } from '../builds/build.entity.js';
import { OriginKind, SERVED } from '../builds/origin.entity.js';
import type { Origin, VendorDocument } from '../builds/origin.entity.js';
import type { Plain } from '../lib/plain.js';
import { Source } from '../sources/source.entity.js';
import { isStale } from '../sources/staleness.js';

/** Documents may have half a MiB. */
const DOCUMENT_COST = 50;

@InterfaceType('Origin', { description: 'Where a build came from: what all vendors have in common.' })
export abstract class OriginFields {
  @Field(() => OriginKind, { description: 'Whose system that is.' })
  kind!: OriginKind;

  @Field({ description: "The vendor's own id: a UUID of CCM, 24 hex digits of Cycle, an ARN with its build number." })
  externalId!: string;

  @Field(() => ID, {
    nullable: true,
    description:
      "The source it was imported from, which may be deleted since; null where it was made through the vendor's paths here.",
  })
  sourceId!: string | null;

  @Field(() => Source, {
    nullable: true,
    description: "That source; null where it is deleted, and where it was made through the vendor's paths here.",
  })
  source!: (args: object, context: RequestContext) => Promise<Source | null>;

  @Field(() => Boolean, {
    description:
      'Whether what is shown may be out of date: its source should have been read again three times over since, or a day ago where no interval is set. Never of what is gone, or was made here.',
  })
  isStale!: (args: object, context: RequestContext) => Promise<boolean>;

  @Field({ description: "The vendor's own word for how far it is; `Build.phase` has it in words that all share." })
  state!: string;

  @Field(() => GraphQLJSONObject, {
    complexity: DOCUMENT_COST,
    description: "The vendor's document as it came, members that this version does not know included.",
  })
  document!: VendorDocument;

  @Field(() => GraphQLJSONObject, {
    complexity: DOCUMENT_COST,
    description:
      'Other documents of the vendor about it, as they came, by what they are: its task, its image source, its creator. Empty where there are none.',
  })
  related!: VendorDocument;

  @Field({ description: 'When the vendor made it; where it does not tell, when it was first read.' })
  externalCreatedAt!: Date;

  @Field({ description: 'When it was last read there, or seen in a list to be as it was read before.' })
  fetchedAt!: Date;

  @Field({
    description: 'True where the vendor has it no more. The build stays, and can be deleted here from then on.',
  })
  isGone!: boolean;

  @Field(() => Date, { nullable: true, description: 'When that was noticed; null where the vendor has it.' })
  goneAt!: Date | null;
}

/** What of an origin is the same with every vendor. */
export function originFields(origin: Origin, sources: Batched<Source>): OriginFields {
  const { kind, externalId, sourceKey, state, document, related, externalCreatedAt, fetchedAt, goneAt } = origin;
  const sourceId = sourceKey === SERVED ? null : sourceKey;
  const source = (_args: object, context: RequestContext) => context.load(sources, sourceId);
  return {
    ...{ kind, externalId, state, document, related, externalCreatedAt, fetchedAt, goneAt },
    ...{ sourceId, source },
    isStale: async (args, context) =>
      sourceId !== null && isStale(origin, (await source(args, context)) ?? undefined, new Date()),
    isGone: goneAt !== null,
  };
}

/** A format's part of the union BuildOrigin. */
export interface OriginFormat {
  kind: OriginKind;
  /** An object type that implements OriginFields. */
  type: ClassType<object>;
  /** What the type has beside those fields; members that are functions are called only when they are asked for. */
  read(origin: Origin, build: Plain<Build>): object;
}
