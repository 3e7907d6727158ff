// Selections of everything below a root field, made from the schema, as deep as the gateway's limits allow.
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type {
  DocumentNode,
  GraphQLCompositeType,
  GraphQLField,
  GraphQLInterfaceType,
  GraphQLObjectType,
  GraphQLSchema,
} from 'graphql';
import { exceededLimit, MAX_TOKENS } from '../../src/graphql/limits.js';
import type { Ids } from './authorization-content.js';

const MAX_DEPTH = 4;

/** What each field of Query is asked with: whatever it takes to find something of that account. */
const ARGUMENTS: Record<string, (ids: Ids) => string> = {
  app: ({ app }) => `(id: "${app}")`,
  build: ({ build }) => `(id: "${build}")`,
  buildByOrigin: ({ imageArn }) => `(kind: IMAGE_BUILDER, externalId: "${imageArn}")`,
  buildDiff: ({ build, converted }) => `(a: "${build}", b: "${converted}")`,
  buildsByMeasurement: ({ pcr0 }) => `(value: "${pcr0}", first: 3)`,
  deploymentNode: ({ node }) => `(id: "${node}")`,
  job: ({ job }) => `(id: "${job}")`,
  node: ({ build }) => `(id: "${build}")`,
  nodes: (ids) => `(ids: ["${ids.app}", "${ids.build}", "${ids.task}", "${ids.job}"])`,
  registryCredential: ({ registry }) => `(id: "${registry}")`,
  registryCredentialForImage: ({ image }) => `(imageName: "${image}:1")`,
  search: ({ text }) => `(text: "${text}", first: 3)`,
  source: ({ source }) => `(id: "${source}")`,
  task: ({ task }) => `(id: "${task}")`,
  viewer: () => '',
};

/** Queries of one root field, together with everything below it. */
export function deepQueries(schema: GraphQLSchema, name: string, ids: Ids): string[] {
  const field = schema.getQueryType()!.getFields()[name]!;
  const type = getNamedType(field.type) as GraphQLCompositeType;
  const given = ARGUMENTS[name]?.(ids) ?? pageOf(field, 3);
  const query = (selection: string) => `{ ${name}${given} { ${selection} } }`;
  const parts = isAbstractType(type)
    ? schema.getPossibleTypes(type).map((member) => (depth: number) => onMember(schema, member, depth))
    : Object.keys(type.getFields()).map((part) => (depth: number) => fieldsOf(schema, type, depth, [part]).join(' '));
  const whole = query(selectionOf(schema, type, MAX_DEPTH));
  return isWithinLimits(schema, whole) ? [whole] : parts.map((part) => deepest(schema, (depth) => query(part(depth))));
}

function deepest(schema: GraphQLSchema, query: (depth: number) => string): string {
  for (let depth = MAX_DEPTH; depth > 1; depth--) {
    const text = query(depth);
    if (isWithinLimits(schema, text)) return text;
  }
  throw new Error(`Not within the limits: ${query(1)}`);
}

function isWithinLimits(schema: GraphQLSchema, text: string): boolean {
  let document: DocumentNode;
  try {
    document = parse(text, { maxTokens: MAX_TOKENS });
  } catch {
    return false;
  }
  return exceededLimit(schema, { document }) === undefined;
}

function selectionOf(schema: GraphQLSchema, type: GraphQLCompositeType, depth: number): string {
  // An edge has the same below it as `nodes`.
  if (type.name.endsWith('Edge')) return 'cursor node { __typename }';
  if (!isAbstractType(type)) return fieldsOf(schema, type, depth).join(' ');
  const members = schema.getPossibleTypes(type).map((member) => onMember(schema, member, depth));
  return ['__typename', ...members].join(' ');
}

/** Under names of their own, as fields of one name may be of other types in each member. */
function onMember(schema: GraphQLSchema, member: GraphQLObjectType, depth: number): string {
  const aliased = fieldsOf(schema, member, depth).map((field) => `${member.name}_${/^\w+/.exec(field)![0]}: ${field}`);
  return `... on ${member.name} { ${aliased.join(' ')} }`;
}

/** @param names of the fields wanted; all where left out */
function fieldsOf(schema: GraphQLSchema, type: GraphQLCompositeType, depth: number, names?: string[]): string[] {
  const fields = 'getFields' in type ? Object.values(type.getFields()) : [];
  return fields
    .filter(({ name }) => names?.includes(name) ?? true)
    .flatMap((field) => {
      const named = getNamedType(field.type);
      if (!isCompositeType(named)) return [`${field.name}${pageOf(field, 2)}`];
      return depth > 1 ? [`${field.name}${pageOf(field, 2)} { ${selectionOf(schema, named, depth - 1)} }`] : [];
    });
}

const pageOf = (field: GraphQLField<unknown, unknown>, size: number): string =>
  field.args.some(({ name }) => name === 'first') ? `(first: ${size})` : '';

/** Every `Type.field` that a query selects. */
export function selectedIn(schema: GraphQLSchema, text: string): string[] {
  const found: string[] = [];
  const info = new TypeInfo(schema);
  const visitor = visitWithTypeInfo(info, {
    Field: ({ name }) => void found.push(`${info.getParentType()!.name}.${name.value}`),
  });
  visit(parse(text), visitor);
  return found;
}

/** Every `Type.field` that queries can reach. */
export function reachableFields(schema: GraphQLSchema): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  const common = Object.keys((schema.getType('Origin') as GraphQLInterfaceType).getFields());
  const walk = (type: GraphQLCompositeType): void => {
    if (seen.has(type.name)) return;
    seen.add(type.name);
    if (isAbstractType(type)) return schema.getPossibleTypes(type).forEach(walk);
    for (const field of isObjectType(type) ? Object.values(type.getFields()) : []) {
      found.push(`${type.name}.${field.name}`);
      const named = getNamedType(field.type);
      // What is below a vendor's document is read of that document alone.
      const isDocument = isOrigin(type) && !common.includes(field.name);
      if (isCompositeType(named) && !isDocument) walk(named);
    }
  };
  walk(schema.getQueryType()!);
  return found;
}

const isOrigin = (type: GraphQLCompositeType): boolean =>
  isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Origin');

/** The lists that need no more than a page, from either side. */
export const connectionFields = (schema: GraphQLSchema): string[] =>
  Object.values(schema.getQueryType()!.getFields())
    .filter(
      ({ type, args }) =>
        String(type).endsWith('Connection!') &&
        args.some(({ name }) => name === 'last') &&
        args.every((arg) => !String(arg.type).endsWith('!')),
    )
    .map(({ name }) => name);
