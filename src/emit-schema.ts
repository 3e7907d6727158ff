// Writes schema/schema.graphql and schema/tables.md from the code: `npm run schema`. A test fails where they differ.
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { DataSource } from 'typeorm';
import { ENTITIES } from './app-database.js';
import { describeSchema } from './app-resolvers.js';
import { describeTables } from './db/describe-tables.js';
import { packageRoot } from './lib/package-root.js';

const file = (name: string) => join(packageRoot, 'schema', name);

/** Content of each generated file by its path. */
export async function generatedFiles(): Promise<Map<string, string>> {
  const source = await new DataSource({ type: 'sqlite', database: ':memory:', entities: ENTITIES }).initialize();
  const tables = describeTables(source);
  await source.destroy();
  return new Map([
    [file('schema.graphql'), `${printSchema(lexicographicSortSchema(describeSchema()))}\n`],
    [file('tables.md'), tables],
  ]);
}

if (require.main === module) {
  void generatedFiles().then((files) => files.forEach((content, path) => writeFileSync(path, content)));
}
