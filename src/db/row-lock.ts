import type { EntityManager } from 'typeorm';

/** The `lock` of a find that must keep its row to the end of the transaction; SQLite has one writer and no row locks. */
export const rowLock = ({ connection }: EntityManager) =>
  connection.options.type === 'postgres' ? { mode: 'pessimistic_write' as const } : undefined;

/** The `lock` of a find whose row must be there until the end of the transaction, though others may change it. */
export const keyShareLock = ({ connection }: EntityManager) =>
  connection.options.type === 'postgres' ? { mode: 'for_key_share' as const } : undefined;
