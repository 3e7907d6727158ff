// Columns that mean the same on SQLite and PostgreSQL: times are bigint milliseconds, JSON is text.
import { Column, PrimaryColumn } from 'typeorm';
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

// Bytewise on PostgreSQL, as SQLite compares anyway. Only migrations make tables, so SQLite never reads the name,
// which it would not know.
const BYTEWISE = { collation: 'C' };
const ID = { type: 'varchar', length: 36, ...BYTEWISE } as const;
const WORD = { type: 'varchar', length: 255, ...BYTEWISE } as const;

export const IdColumn = (options: ColumnOptions = {}) => Column({ ...options, ...ID });
export const PrimaryIdColumn = () => PrimaryColumn(ID);

/** Text of at most 255 characters. */
export const WordColumn = (options: ColumnOptions = {}) => Column({ ...options, ...WORD });
export const PrimaryWordColumn = () => PrimaryColumn(WORD);

export const TextColumn = (options: ColumnOptions = {}) => Column({ ...options, type: 'text', ...BYTEWISE });

/** A point in time, kept as milliseconds since 1970 UTC. */
export const TimeColumn = (options: ColumnOptions = {}) => Column({ ...options, type: 'bigint', transformer: time });

/** A time inside of an operator (LessThan ...), whose value TypeORM hands to the database as it is. */
export const storedTime = (time: Date): Date => time.getTime() as unknown as Date;

/** A JSON document, kept as text. */
export const JsonColumn = (options: ColumnOptions = {}) =>
  Column({ ...options, type: 'text', transformer: json, ...BYTEWISE });

export const BooleanColumn = (options: ColumnOptions = {}) =>
  Column({ ...options, type: 'boolean', transformer: bool });

/** The same columns for migrations, where SQLite must not see the collation. */
export function columnsFor(runner: QueryRunner) {
  const collation = runner.connection.options.type === 'postgres' ? BYTEWISE : {};
  const column =
    (type: string, more: object) =>
    (name: string, options: Partial<TableColumnOptions> = {}) => ({ name, type, ...more, ...options });
  return {
    id: column('varchar', { length: '36', ...collation }),
    word: column('varchar', { length: '255', ...collation }),
    text: column('text', collation),
    integer: column('integer', {}),
    bigint: column('bigint', {}),
    boolean: column('boolean', {}),
  };
}
