// Where images are fetched from (Cycle's ImageSource), and how one gets in there.
import { Entity, ForeignKey, Index } from 'typeorm';
import { Account } from '../auth/account.entity.js';
import { JsonColumn, PrimaryIdColumn, TextColumn, TimeColumn, WordColumn } from '../db/columns.js';
import type { Actor } from '../events/catalog-log.entity.js';
import type { ImageOrigin } from './image-origin.js';

export type ImageSourceState = 'live' | 'deleting';

@Entity('image_source')
@ForeignKey(() => Account, ['accountId'], ['id'])
@Index('image_source_identifier', ['accountId', 'identifier'])
export class ImageSource {
  @PrimaryIdColumn()
  accountId!: string;

  /** 24 hex digits. */
  @PrimaryIdColumn()
  id!: string;

  /** For programs, and the part of a repository's name in the store that is its images'; not unique. */
  @WordColumn()
  identifier!: string;

  @WordColumn()
  name!: string;

  @WordColumn()
  type!: string;

  @WordColumn()
  state!: ImageSourceState;

  @TimeColumn()
  stateChangedAt!: Date;

  /** Without secrets. */
  @JsonColumn()
  origin!: ImageOrigin;

  /** The secrets of the origin, sealed, bound to account and id; null where it has none. */
  @TextColumn({ nullable: true })
  sealedSecrets!: string | null;

  @TextColumn({ nullable: true })
  about!: string | null;

  @JsonColumn({ nullable: true })
  builder!: { integration_id?: string | null } | null;

  /** Kept and answered; nothing here goes by it. */
  @JsonColumn({ nullable: true })
  acl!: object | null;

  @JsonColumn()
  creator!: Actor;

  @TimeColumn()
  createdAt!: Date;

  @TimeColumn()
  updatedAt!: Date;
}
