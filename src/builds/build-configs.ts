// Which configurations builds allow, so that builds are found by them: the ids alone, the documents stand in the build.
import { Entity, ForeignKey, Index } from 'typeorm';
import { PrimaryIdColumn, PrimaryWordColumn } from '../db/columns.js';
import type { Transaction } from '../lib/transaction.js';
import type { Build } from './build.entity.js';

@Entity('build_config')
@ForeignKey('Build', ['accountId', 'buildId'], ['accountId', 'id'], { onDelete: 'CASCADE' })
@Index('build_config_id', ['accountId', 'configId'])
export class BuildConfig {
  @PrimaryIdColumn()
  accountId!: string;

  @PrimaryIdColumn()
  buildId!: string;

  @PrimaryWordColumn()
  configId!: string;
}

/** Makes the rows those of the build's `configs`; its own row is written or locked before. */
export async function writeConfigs(
  { manager }: Transaction,
  { accountId, id: buildId, configs }: Pick<Build, 'accountId' | 'id' | 'configs'>,
): Promise<void> {
  await manager.delete(BuildConfig, { accountId, buildId });
  const rows = Object.keys(configs).map((configId) => ({ accountId, buildId, configId }));
  if (rows.length > 0) await manager.insert(BuildConfig, rows);
}
