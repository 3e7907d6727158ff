// Writes schema/schema.graphql from the code: `npm run schema`. A test fails where the two differ.
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { describeSchema } from './app.js';
import { packageRoot } from './lib/package-root.js';

export const SCHEMA_FILE = join(packageRoot, 'schema', 'schema.graphql');

export const printedSchema = (): string => `${printSchema(lexicographicSortSchema(describeSchema()))}\n`;

if (require.main === module) writeFileSync(SCHEMA_FILE, printedSchema());
