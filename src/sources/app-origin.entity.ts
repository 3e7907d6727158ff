// Where an imported app came from: apps have no origin of their own in the catalog, but must be known again.
import { Entity, ForeignKey, Index } from 'typeorm';
import { App } from '../apps/app.entity.js';
import type { VendorDocument } from '../builds/origin.entity.js';
import { JsonColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';

@Entity('app_origin')
@ForeignKey(() => App, ['accountId', 'id'], ['accountId', 'id'], { onDelete: 'CASCADE' })
@Index('app_origin_source', ['accountId', 'sourceKey', 'seenIn'])
export class AppOrigin {
  @PrimaryIdColumn()
  accountId!: string;

  /** The app's, which is the vendor's too. */
  @PrimaryIdColumn()
  id!: string;

  @WordColumn()
  sourceKey!: string;

  @WordColumn()
  contentHash!: string;

  @JsonColumn()
  document!: VendorDocument;

  /** Id of the job that last saw it. */
  @WordColumn()
  seenIn!: string;

  @TimeColumn({ nullable: true })
  goneAt!: Date | null;
}
