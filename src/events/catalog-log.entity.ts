// One numbered line for every change of the catalog, chained by hashes; and the row its numbers come from.
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { IdColumn, JsonColumn, PrimaryIdColumn, TimeColumn, WordColumn } from '../db/columns.js';

export type CatalogChangeKind = 'CREATED' | 'UPDATED' | 'REVIEWED' | 'DEPLOYED' | 'DELETED';

/** Who did it: a user, a token that stands for a machine, or the gateway itself. */
export interface Actor {
  type: 'USER' | 'TOKEN' | 'SYSTEM';
  id: string | null;
  name: string;
}

@Entity('catalog_log')
export class CatalogLogLine {
  @PrimaryIdColumn()
  accountId!: string;

  @PrimaryColumn({ type: 'bigint' })
  seq!: number;

  @TimeColumn()
  at!: Date;

  @WordColumn()
  kind!: CatalogChangeKind;

  @WordColumn()
  entityType!: string;

  @IdColumn()
  entityId!: string;

  @JsonColumn()
  actor!: Actor;

  /** The entity before the change; null for CREATED. */
  @JsonColumn({ nullable: true })
  before!: object | null;

  /** The entity after the change; null for DELETED. */
  @JsonColumn({ nullable: true })
  after!: object | null;

  /** sha256 over this line and the hash of the one before, hex. */
  @WordColumn()
  hash!: string;
}

/** Last number and hash of an account's log; locked for the moment of appending. */
@Entity('catalog_log_head')
export class CatalogLogHead {
  @PrimaryIdColumn()
  accountId!: string;

  @Column({ type: 'bigint' })
  seq!: number;

  @WordColumn()
  hash!: string;
}
