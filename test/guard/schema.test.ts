import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import 'reflect-metadata';
import { generatedFiles } from '../../src/emit-schema.js';
import { packageRoot } from '../../src/lib/package-root.js';

const SCHEMA_FILE = join(packageRoot, 'schema', 'schema.graphql');

describe('the generated files in schema/', () => {
  it('are what the code makes: `npm run schema` writes them', async () => {
    const files = await generatedFiles();
    expect([...files.keys()]).toContain(SCHEMA_FILE);
    for (const [path, content] of files) expect(readFileSync(path, 'utf8')).toBe(content);
  });
});

describe('schema/schema.graphql', () => {
  const types = Object.values(buildSchema(readFileSync(SCHEMA_FILE, 'utf8')).getTypeMap()).filter(
    ({ name }) => !name.startsWith('__'),
  );

  it('describes everything: it is the manual', () => {
    const silent: string[] = [];
    const check = (name: string, { description }: { description?: string | null }) => {
      if (!description) silent.push(name);
    };
    for (const type of types) {
      if (['Query', 'Mutation', 'Subscription'].includes(type.name) === false) check(type.name, type);
      if (isEnumType(type)) for (const value of type.getValues()) check(`${type.name}.${value.name}`, value);
      if (isObjectType(type) || isInterfaceType(type)) {
        for (const field of Object.values(type.getFields())) {
          check(`${type.name}.${field.name}`, field);
          for (const argument of field.args) {
            if (!SELF_EVIDENT.includes(argument.name)) check(`${type.name}.${field.name}(${argument.name})`, argument);
          }
        }
      }
      if (isInputObjectType(type)) {
        for (const field of Object.values(type.getFields())) check(`${type.name}.${field.name}`, field);
      }
    }
    expect(types.length).toBeGreaterThan(80);
    expect(silent).toEqual([]);
  });
});

/** Arguments whose type says all there is. */
const SELF_EVIDENT = ['id', 'input', 'filter', 'orderBy'];
