// Columns that mean the same on SQLite and PostgreSQL: times are bigint milliseconds, JSON is text.
import { Column } from 'typeorm';
import type { ColumnOptions, QueryRunner, TableColumnOptions, ValueTransformer } from 'typeorm';

const time: ValueTransformer = {
  to: (value: unknown) => (value instanceof Date ? value.getTime() : value),
  from: (value: number | string | null) => (value === null ? null : new Date(Number(value))),
};

const json: ValueTransformer = {
  to: (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value)),
  from: (value: string | null) => (value === null ? null : (JSON.parse(value) as unknown)),
};

const bool: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: unknown) => (value === null ? null : Boolean(value)),
};

/** A point in time, kept as milliseconds since 1970 UTC. */
export const TimeColumn = (options: ColumnOptions = {}) => Column({ ...options, type: 'bigint', transformer: time });

/** A JSON document, kept as text. */
export const JsonColumn = (options: ColumnOptions = {}) => Column({ ...options, type: 'text', transformer: json });

export const BooleanColumn = (options: ColumnOptions = {}) =>
  Column({ ...options, type: 'boolean', transformer: bool });

/**
 * Column definitions for migrations. Text compares bytewise on both databases: SQLite does so anyway and knows no
 * collation "C", PostgreSQL has to be told.
 */
export function columnsFor(runner: QueryRunner) {
  const collation = runner.connection.options.type === 'postgres' ? { collation: 'C' } : {};
  const column =
    (type: string, more: object) =>
    (name: string, options: Partial<TableColumnOptions> = {}) =>
      ({ name, type, ...more, ...options }) as TableColumnOptions;
  return {
    id: column('varchar', { length: '36', ...collation }),
    word: column('varchar', { length: '255', ...collation }),
    text: column('text', collation),
    integer: column('integer', {}),
    bigint: column('bigint', {}),
    boolean: column('boolean', {}),
  };
}
