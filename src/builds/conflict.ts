// Where origins disagree: builds that should be the same image by one thing, and are not by another.
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Platform } from './image-attributes.js';
import { OriginKind } from './origin.entity.js';

export const ConflictKind = { DIGEST: 'DIGEST', MEASUREMENT: 'MEASUREMENT' } as const;
export type ConflictKind = keyof typeof ConflictKind;
registerEnumType(ConflictKind, {
  name: 'ConflictKind',
  description: 'What builds of several origins have in common while they disagree.',
  valuesConfig: {
    DIGEST: {
      description:
        'The same docker image by its image id, but a measurement of the same platform and name differs. Nobody can be right but one: reproduce the build, approve what it shows, and reject or delete the others.',
    },
    MEASUREMENT: {
      description:
        'The same measurement, of a kind that identifies the code, but docker images with different image ids. Mostly one enclave image that was packed twice; approving one approves what the other runs, so look whose image it is.',
    },
  },
});

/** Measurements that no two images share by nature; not those of boot blobs, firmware, signers or runtime. */
export const IDENTIFYING: readonly (readonly [Platform, string])[] = [
  [Platform.NITRO_ENCLAVE, 'pcr0'],
  [Platform.SGX, 'mrenclave'],
  [Platform.BAREMETAL_AMD_SEV_SNP, 'measurement'],
  [Platform.ACI, 'policy'],
];

@ObjectType({ simpleResolvers: true, description: 'What one origin says in a conflict.' })
export class ConflictClaim {
  @Field({ description: 'The measurement in a conflict about a DIGEST, the image id in one about a MEASUREMENT; hex.' })
  value!: string;

  @Field(() => OriginKind, { nullable: true, description: 'Whose word that is; null for builds made here.' })
  originKind!: OriginKind | null;

  @Field(() => ID, { nullable: true, description: 'The source that brought it; null for what no source brought.' })
  sourceId!: string | null;

  @Field(() => Int, { description: 'How many builds of that origin say so.' })
  buildCount!: number;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'Builds of at least two origins that have one thing in common and differ in another. An origin is a source, or the paths of a vendor here, or what was made here in no words of a vendor. Builds that are gone at their vendor do not count.',
})
export class Conflict {
  /** Of all conflicts of one account, for loaders and cursors. */
  id!: string;

  @Field(() => ConflictKind, { description: 'What `value` is, and what the differences are.' })
  kind!: ConflictKind;

  @Field(() => Platform, { description: 'Which attestation the measurement is of.' })
  platform!: Platform;

  @Field({ description: 'Name of the measurement: pcr0, mrenclave ...' })
  name!: string;

  @Field({ description: 'What the builds share: the image id of DIGEST, the measurement of MEASUREMENT; hex.' })
  value!: string;

  @Field(() => Int, { description: 'How many builds it is about.' })
  buildCount!: number;
}

/** A row of the database as a conflict. */
export function conflictOf(kind: ConflictKind, row: Record<string, unknown>): Conflict {
  const { value, platform, name } = row as unknown as Conflict;
  const id = [kind, value, platform, name].join(' ');
  return { id, kind, value, platform, name, buildCount: Number(row.buildCount) };
}
