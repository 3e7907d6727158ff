// One numbered line for every change of the catalog, chained by hashes; and the row its numbers come from.
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { JsonColumn, TimeColumn } from '../db/columns.js';

export type CatalogChangeKind = 'CREATED' | 'UPDATED' | 'REVIEWED' | 'DEPLOYED' | 'DELETED';

/** Who did it: a user, a token that stands for a machine, or the gateway itself. */
export interface Actor {
  type: 'USER' | 'TOKEN' | 'SYSTEM';
  id: string | null;
  name: string;
}

@Entity('catalog_log')
export class CatalogLogLine {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  accountId!: string;

  @PrimaryColumn({ type: 'bigint' })
  seq!: number;

  @TimeColumn()
  at!: Date;

  @Column({ type: 'varchar', length: 255 })
  kind!: CatalogChangeKind;

  @Column({ type: 'varchar', length: 255 })
  entityType!: string;

  @Column({ type: 'varchar', length: 36 })
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
  @Column({ type: 'varchar', length: 255 })
  hash!: string;
}

/** Last number and hash of an account's log; locked for the moment of appending. */
@Entity('catalog_log_head')
export class CatalogLogHead {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  accountId!: string;

  @Column({ type: 'bigint' })
  seq!: number;

  @Column({ type: 'varchar', length: 255 })
  hash!: string;
}
