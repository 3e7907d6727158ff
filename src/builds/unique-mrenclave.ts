// Keeps an account from having two builds with the same mrenclave, where it is told to (UNIQUE_MRENCLAVE). Equal PCRs
// of Nitro Enclaves are normal: equal images give equal ones.
import { Entity, ForeignKey, In, Index } from 'typeorm';
import { IdColumn, PrimaryIdColumn, PrimaryWordColumn } from '../db/columns.js';
import { isUniqueViolation } from '../db/unique-violation.js';
import { CatalogError } from '../lib/errors.js';
import type { Transaction } from '../lib/transaction.js';
import type { Build } from './build.entity.js';
import { Platform } from './image-attributes.js';
import { Measurement } from './measurements.js';
import type { MeasuredValue } from './measurements.js';

/** One mrenclave that a build has for itself: what stops those that come at the same moment. */
@Entity('unique_mrenclave')
@ForeignKey('Build', ['accountId', 'buildId'], ['accountId', 'id'], { onDelete: 'CASCADE' })
@Index('unique_mrenclave_build', ['accountId', 'buildId'])
export class UniqueMrenclave {
  @PrimaryIdColumn()
  accountId!: string;

  @PrimaryWordColumn()
  mrenclave!: string;

  @IdColumn()
  buildId!: string;
}

const SGX_MRENCLAVE = { platform: Platform.SGX, name: 'mrenclave' } as const;

/**
 * Takes all mrenclaves of a build whose row is written, and its measurements not yet. Throws CONFLICT where another
 * build of the account has one of them, even if it was registered while that was allowed.
 */
export async function claimMrenclaves(
  { manager }: Transaction,
  { accountId, id: buildId }: Pick<Build, 'accountId' | 'id'>,
  measured: MeasuredValue[],
): Promise<void> {
  const { platform, name } = SGX_MRENCLAVE;
  const own = measured.filter((each) => each.platform === platform && each.name === name).map(({ value }) => value);
  if (own.length === 0) return;
  const other = await manager.findOneBy(Measurement, { accountId, ...SGX_MRENCLAVE, value: In(own) });
  if (other) throw mrenclaveTaken(`The build ${other.buildId}`);
  try {
    // In one order everywhere, so that two builds with several can not wait for each other.
    await manager.insert(
      UniqueMrenclave,
      own.sort().map((mrenclave) => ({ accountId, mrenclave, buildId })),
    );
  } catch (error) {
    // Another one came at the same moment; PostgreSQL ends the transaction, so that it can not be asked which.
    throw isUniqueViolation(error) ? mrenclaveTaken('Another build') : error;
  }
}

const mrenclaveTaken = (who: string) =>
  new CatalogError('CONFLICT', `${who} of this account has the same mrenclave already.`, { field: ['mrenclave'] });
