// Where a build came from, when it was not made here: the vendor's own id and its own document, kept as it came.
import { registerEnumType } from 'type-graphql';
import { Entity, ForeignKey, Index } from 'typeorm';
import { JsonColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';

export const OriginKind = { CCM: 'CCM', CYCLE: 'CYCLE', IMAGE_BUILDER: 'IMAGE_BUILDER' } as const;
export type OriginKind = keyof typeof OriginKind;
registerEnumType(OriginKind, {
  name: 'OriginKind',
  description: 'The system that a build came from.',
  valuesConfig: {
    CCM: { description: 'Fortanix Confidential Computing Manager.' },
    CYCLE: { description: 'Cycle.io, or made here through its paths.' },
    IMAGE_BUILDER: { description: 'AWS EC2 Image Builder, or registered here by its document.' },
  },
});

/** The place of the source's id where a build was made through the vendor's paths here. */
export const SERVED = 'served';

/** A JSON object as it came. */
export type VendorDocument = Record<string, unknown>;

@Entity('build_origin')
@ForeignKey('Build', ['accountId', 'id'], ['accountId', 'id'], { onDelete: 'CASCADE' })
@Index('build_origin_external', ['accountId', 'kind', 'externalId', 'sourceKey'], { unique: true })
@Index('build_origin_group', ['accountId', 'kind', 'groupKey', 'externalId'])
@Index('build_origin_source', ['accountId', 'sourceKey', 'seenIn'])
export class Origin {
  @PrimaryIdColumn()
  accountId!: string;

  /** The build's. */
  @PrimaryIdColumn()
  id!: string;

  @WordColumn()
  kind!: OriginKind;

  /** Id of the source it was imported from, which may be gone; or SERVED. */
  @WordColumn()
  sourceKey!: string;

  /** The vendor's own id: a UUID, 24 hex digits, an ARN with its build number. */
  @WordColumn()
  externalId!: string;

  /** What the vendor lists builds by: the app of CCM, the image source of Cycle, the ARN without build number; or empty. */
  @WordColumn()
  groupKey!: string;

  /** The vendor's own word for how far it is, at most 255 characters of it. */
  @WordColumn()
  state!: string;

  @JsonColumn()
  document!: VendorDocument;

  /** Documents of the vendor that say more about it, by what they are: its task, its image source, its creator. */
  @JsonColumn()
  related!: VendorDocument;

  /** sha256 of both documents, hex: equal ones change nothing. */
  @WordColumn()
  contentHash!: string;

  /** sha256 of what the vendor's list said of it, where that is less than the document; else empty. */
  @WordColumn()
  listHash!: string;

  /** When the vendor made it; where it does not tell, when it was first fetched. */
  @TimeColumn()
  externalCreatedAt!: Date;

  /** When it was last read, or was seen in a list to be as it was read before. */
  @TimeColumn()
  fetchedAt!: Date;

  /** Id of the job that last saw it; empty for what is not imported. */
  @WordColumn()
  seenIn!: string;

  /** Since when the vendor has it no more. */
  @TimeColumn({ nullable: true })
  goneAt!: Date | null;
}
