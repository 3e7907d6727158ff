// GraphQL object types for what a vendor's documents are made of, derived from the schemas of its OpenAPI document, and
// the readers that turn a document into such an object. So each document is described once, for REST and for GraphQL.
import { GraphQLJSON, GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars';
import type { GraphQLScalarType } from 'graphql';
import { Field, Int, Float, ObjectType } from 'type-graphql';
import type { ClassType } from 'type-graphql';
import * as value from './document-value.js';
import type { ReadValue } from './document-value.js';
import { SCHEMA_REF } from './openapi.js';
import type { Schema, Schemas } from './openapi.js';

export interface DocumentType {
  type: ClassType<object>;
  /** Never throws. Null for what is no object; a member that is not as described is null. */
  read(document: unknown): object | null;
}

/** How GraphQL shows one member. */
interface Part {
  type: ClassType<object> | GraphQLScalarType | typeof String | typeof Boolean | typeof Date;
  isList?: boolean;
  read: ReadValue;
}

type Scalar = Pick<Part, 'type' | 'read'>;

const TEXT: Scalar = { type: String, read: value.readText };
const TIME: Scalar = { type: Date, read: value.readTime };
const EPOCH: Scalar = { type: Date, read: value.readEpochSeconds };
const ANYTHING: Scalar = { type: GraphQLJSON, read: value.readJson };
const FREE_OBJECT: Scalar = { type: GraphQLJSONObject, read: value.readJsonObject };
const LONG: Scalar = { type: GraphQLSafeInt, read: value.readSafeInt };
const INT: Scalar = { type: Int, read: value.readInt };
const NUMBER: Scalar = { type: Float, read: value.readNumber };
const BOOLEAN: Scalar = { type: Boolean, read: value.readBoolean };

/** Types of one vendor: `of` makes that of a schema, and those of what stands in it, once each. */
export class DocumentTypes {
  private readonly made = new Map<string, DocumentType | undefined>();

  /** @param prefix of the names of all types, so that vendors do not collide: `Cycle` makes `CycleImage` of `Image` */
  constructor(
    private readonly schemas: Schemas,
    private readonly prefix: string,
  ) {}

  /** Throws where the schema is not of an object, has no description somewhere, or contains itself. */
  of(name: string): DocumentType {
    if (!Object.hasOwn(this.schemas, name)) throw new Error(`There is no schema ${name}`);
    return this.objectOf(name, this.flat({ $ref: `${SCHEMA_REF}${name}` }));
  }

  private objectOf(name: string, schema: Schema): DocumentType {
    if (this.made.has(name)) return this.made.get(name) ?? fail(name, 'contains itself');
    this.made.set(name, undefined);
    const { properties = {}, description = fail(name, 'has no description') } = schema;
    const typeName = `${this.prefix}${name}`;
    const type = class {};
    const shown = Object.entries(properties).filter(([, described]) => !this.flat(described).writeOnly);
    const readers = shown.map(([member, described]): [string, string, ReadValue] => {
      const field = camelCase(member);
      const part = this.partOf(`${name}${field[0]!.toUpperCase()}${field.slice(1)}`, described);
      const explained = this.descriptionOf(described) ?? fail(`${name}.${member}`, 'has no description');
      const options = { nullable: true, description: explained };
      Field(() => (part.isList ? [part.type] : part.type), options)(type.prototype, field);
      return [field, member, part.read];
    });
    if (readers.length === 0) throw new Error(`The schema ${name} has no members`);
    if (new Set(readers.map(([field]) => field)).size < readers.length) fail(name, 'has two members of one name');
    ObjectType(typeName, { simpleResolvers: true, description: trimmed(description) })(type);
    const made = { type, read: objectReader(readers) };
    this.made.set(name, made);
    return made;
  }

  /** @param name of the type where it is an object that is described in place */
  private partOf(name: string, described: Schema): Part {
    const schema = this.flat(described);
    const type = typeOf(schema);
    if (type === 'array') {
      const { isList, ...item } = this.partOf(`${name}Item`, schema.items ?? {});
      // Lists of lists are shown as they come.
      return isList ? ANYTHING : { ...item, isList: true, read: value.readList(item.read) };
    }
    if (type !== 'object') return scalarOf(schema, type);
    if (schema.properties) return this.objectOf(nameOfRef(described) ?? name, schema);
    return this.mapOf(schema) ?? FREE_OBJECT;
  }

  /** A map of objects that are described is a list of them with their keys; any other is shown as it comes. */
  private mapOf({ additionalProperties }: Schema): Part | undefined {
    const described = typeof additionalProperties === 'object' ? additionalProperties : {};
    const name = nameOfRef(described);
    const schema = this.flat(described);
    if (name === undefined || !schema.properties) return undefined;
    const properties = { key: { type: 'string', description: 'The name it stands under.' }, value: described };
    const entry = this.objectOf(`${name}Entry`, { properties, description: schema.description });
    const read: ReadValue = (map) =>
      value.isObject(map) ? Object.entries(map).map(([key, one]) => entry.read({ key, value: one })) : null;
    return { type: entry.type, isList: true, read };
  }

  /** The schema itself, behind any `$ref`, with all that `allOf` says. */
  private flat(schema: Schema): Schema {
    const name = nameOfRef(schema);
    const target = name === undefined ? schema : (this.schemas[name] ?? fail(name, 'is missing'));
    if (target.$ref !== undefined) return this.flat(target);
    const { allOf, ...own } = target;
    const parts = [...(allOf ?? []).map((part) => this.flat(part)), own];
    const properties = parts.some((part) => part.properties) && {
      properties: Object.assign({}, ...parts.map((part) => part.properties)) as Schemas,
    };
    return { ...(Object.assign({}, ...parts) as Schema), ...properties };
  }

  private descriptionOf(described: Schema): string | undefined {
    const schema = this.flat(described);
    const text = described.description ?? schema.description;
    const items = schema.items && this.flat(schema.items);
    const values = [schema, items].flatMap((one) => one?.['x-known-values'] ?? one?.enum ?? []);
    if (values.every((one) => text?.includes(one))) return text && trimmed(text);
    return [text && trimmed(text), `Known values: ${values.join(', ')}.`].filter(Boolean).join(' ');
  }
}

function scalarOf({ format, 'x-epoch-seconds': isEpoch }: Schema, type: string | undefined): Part {
  if (isEpoch || format === 'epoch-seconds') return EPOCH;
  if (type === 'string') return format === 'date-time' ? TIME : TEXT;
  if (type === 'integer') return format === 'int32' ? INT : LONG;
  if (type === 'number') return NUMBER;
  return type === 'boolean' ? BOOLEAN : ANYTHING;
}

/** Undefined where there may be several. */
function typeOf({ type, properties, additionalProperties }: Schema): string | undefined {
  const types = [(type ?? []) as string | string[]].flat().filter((one) => one !== 'null');
  if (types.length > 0) return types.length === 1 ? types[0] : undefined;
  return properties || additionalProperties ? 'object' : undefined;
}

/** What is not the document's own, such as `constructor`, is not there. */
const objectReader =
  (readers: [string, string, ReadValue][]): DocumentType['read'] =>
  (document) => {
    if (!value.isObject(document)) return null;
    const entries = readers.map(([field, member, read]): [string, unknown] => [
      field,
      Object.hasOwn(document, member) ? read(document[member]) : null,
    ]);
    return Object.fromEntries(entries);
  };

const nameOfRef = ({ $ref }: Schema): string | undefined => $ref?.slice(SCHEMA_REF.length);

/** `docker_image_name` -> `dockerImageName` */
const camelCase = (name: string): string =>
  name.replace(/[-_.]+([a-zA-Z0-9])/g, (_match, letter: string) => letter.toUpperCase());

const trimmed = (text: string): string => text.trim().replace(/\s+/g, ' ');

function fail(name: string, why: string): never {
  throw new Error(`The schema ${name} ${why}`);
}
