// Bounds on what one operation may ask for, whoever sends it and over whichever transport.
import { getNamedType, GraphQLError, isCompositeType, Kind, visit } from 'graphql';
import type { DocumentNode, FragmentDefinitionNode, GraphQLSchema, SelectionSetNode } from 'graphql';
import { fieldExtensionsEstimator, getComplexity } from 'graphql-query-complexity';
import type { ComplexityEstimator } from 'graphql-query-complexity';
import { isDeeperThan } from '../lib/json.js';
import { DEFAULT_PAGE } from '../lib/paging.js';

export const MAX_TOKENS = 5_000;
export const MAX_DEPTH = 20;
const MAX_VARIABLES_DEPTH = 64;
export const MAX_COMPLEXITY = 100_000;

export interface Operation {
  document: DocumentNode;
  operationName?: string | null;
  variables?: Record<string, unknown> | null;
}

/** The first limit an operation exceeds, if any. The document must be valid. */
export function exceededLimit(schema: GraphQLSchema, operation: Operation): GraphQLError | undefined {
  const { document, operationName, variables } = operation;
  if (isDeeperThan(variables, MAX_VARIABLES_DEPTH)) return tooMuch('The variables are nested too deeply.');
  if (hasNul(textsOf(document)) || hasNul(variables)) return tooMuch('Text must not contain NUL characters.');
  if (depthOf(document) > MAX_DEPTH) return tooMuch(`The operation is nested deeper than ${MAX_DEPTH} levels.`);
  const name = operationName ?? undefined;
  // Fields that are dear say so themselves: the option `complexity` of their decorator.
  const estimators = [fieldExtensionsEstimator(), estimate];
  const given = { schema, query: document, variables: variables ?? {}, operationName: name, estimators };
  try {
    const complexity = getComplexity(given);
    if (complexity <= MAX_COMPLEXITY) return undefined;
    return tooMuch(
      `The operation may ask for ${complexity} values; the limit is ${MAX_COMPLEXITY}. Ask for smaller pages.`,
    );
  } catch (error) {
    // Variables that do not fit their types: execution reports them better, and does nothing else with them.
    // The library's own limit on fragments in fragments comes without a place in the document.
    if (error instanceof GraphQLError && error.nodes) return undefined;
    return tooMuch('The operation asks for too much.');
  }
}

/** What a list costs beside its rows: a statement of its own. */
const LIST_COST = 200;

/** Every value counts one; a page, and what is asked for by a list of ids, as often as it is long. */
const estimate: ComplexityEstimator = ({ field, args, childComplexity }) => {
  const isPaged = field.args.some(({ name }) => name === 'first');
  const ids = Array.isArray(args.ids) ? args.ids.length : 1;
  const page = isPaged ? ((args.first ?? args.last ?? DEFAULT_PAGE) as number) : ids;
  const children = isCompositeType(getNamedType(field.type)) ? Math.max(page, 1) * childComplexity : 0;
  return (isPaged ? LIST_COST : 1) + children;
};

/** PostgreSQL keeps no NUL in text, and nothing that is asked for has one. */
function hasNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, child]) => hasNul(key) || hasNul(child));
}

function textsOf(document: DocumentNode): string[] {
  const texts: string[] = [];
  visit(document, { StringValue: ({ value }) => void texts.push(value) });
  return texts;
}

const tooMuch = (message: string) =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } });

function depthOf(document: DocumentNode): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const known = new Map<string, number>();
  const below = (set: SelectionSetNode | undefined): number => {
    const depths = (set?.selections ?? []).map((selection) => {
      if (selection.kind === Kind.FIELD) return 1 + below(selection.selectionSet);
      if (selection.kind === Kind.INLINE_FRAGMENT) return below(selection.selectionSet);
      const name = selection.name.value;
      if (!known.has(name)) known.set(name, below(fragments.get(name)?.selectionSet));
      return known.get(name)!;
    });
    return Math.max(0, ...depths);
  };
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  return Math.max(0, ...operations.map((operation) => below(operation.selectionSet)));
}
