// Plain rows shaped like their class: several times cheaper than TypeORM's entities, and what unions resolve by.
import { getMetadataArgsStorage } from 'typeorm';
import type { EntityManager, SelectQueryBuilder, ValueTransformer } from 'typeorm';

type EntityClass<T> = new () => T;
export type Row = Record<string, unknown>;

interface ReadableColumn {
  name: string;
  from?: (value: unknown) => unknown;
}

const columnsByClass = new Map<unknown, ReadableColumn[]>();

function columnsOf(entity: EntityClass<object>): ReadableColumn[] {
  let columns = columnsByClass.get(entity);
  if (!columns) {
    columns = getMetadataArgsStorage()
      .filterColumns(entity)
      .map(({ propertyName, options }) => ({
        name: propertyName,
        from: readerOf(options.transformer as ValueTransformer | undefined),
      }));
    columnsByClass.set(entity, columns);
  }
  return columns;
}

const readerOf = (transformer?: ValueTransformer) =>
  transformer && ((value: unknown): unknown => transformer.from(value));

/** A row of `selectRows` as an object with the class's members and its name as `__typename`. */
export function fromRow<T extends object>(entity: EntityClass<T>, row: Row): T {
  const result: Row = { __typename: entity.name };
  for (const { name, from } of columnsOf(entity)) result[name] = from ? from(row[name]) : row[name];
  return result as T;
}

/** SELECT of every column of an entity under its own name, for getRawMany or getRawOne and `fromRow`. */
export function selectRows<T extends object>(
  manager: EntityManager,
  entity: EntityClass<T>,
  alias: string,
): SelectQueryBuilder<T> {
  const query = manager.createQueryBuilder<T>(entity, alias).select([]);
  for (const { name } of columnsOf(entity)) query.addSelect(`${alias}.${name}`, name);
  return query;
}
