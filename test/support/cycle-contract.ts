// Judges of Cycle's answers: the vendor's own description, where ../shared has it, and schema/openapi/cycle.yaml.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

const FILE = join(__dirname, '../../../shared/reference/cycle/openapi.json');

export const hasVendor = existsSync(FILE);

interface Document {
  paths: Record<string, Record<string, any>>;
  components: Record<string, Record<string, any>>;
}

const OURS = parse(readFileSync(join(__dirname, '../../schema/openapi/cycle.yaml'), 'utf8')) as Document;

export interface CycleOperation {
  id: string;
  method: string;
  /** `/v1/images/{imageId}` */
  path: string;
  access: string;
}

export const CYCLE_OPERATIONS: CycleOperation[] = Object.entries(OURS.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    ...{ id: operation.operationId, method: method.toUpperCase(), path, access: operation['x-access'] },
  })),
);

interface CycleAnswer {
  status: number;
  body: unknown;
}

type Judge = (path: string, method: string, answer: CycleAnswer) => string[];

function judgeBy(name: string, { paths, components }: Document): Judge {
  const hex = /^[0-9a-f]{24}$/;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    formats: { 'date-time': time, objectid: hex, int64: true },
  });
  ajv.addSchema({ $id: name, components });
  return (path, method, { status, body }) => {
    const responses = paths[path]?.[method.toLowerCase()]?.responses;
    if (!responses) return [`${name} has no ${method} ${path}`];
    const known = responses[status] ?? (status >= 400 ? responses.default : undefined);
    if (!known) return [`${name} has no ${status} for ${method} ${path}`];
    const response = known.$ref ? components.responses![known.$ref.split('/').at(-1)] : known;
    const text = JSON.stringify(response.content['application/json'].schema).replaceAll('"#/', `"${name}#/`);
    const validate = ajv.compile(JSON.parse(text) as object);
    if (validate(body)) return [];
    return (validate.errors ?? []).map((error) => `${name}: ${error.instancePath} ${error.message}`);
  };
}

const judges = [
  judgeBy('ours', OURS),
  ...(hasVendor ? [judgeBy('vendor', JSON.parse(readFileSync(FILE, 'utf8')) as Document)] : []),
];

/** What is wrong with an answer; nothing where all is well. A path that neither describes must be an error. */
export function contractProblems(method: string, path: string, answer: CycleAnswer): string[] {
  const described = CYCLE_OPERATIONS.map((operation) => ({ ...operation, pattern: patternOf(operation.path) }))
    // Literal parts win over parameters.
    .sort((a, b) => Number(a.path.includes('{')) - Number(b.path.includes('{')))
    .find((operation) => operation.method === method && operation.pattern.test(path));
  if (described) return judges.flatMap((judge) => judge(described.path, method, answer));
  return judges.flatMap((judge) => judge('/v1/images', 'GET', answer.status >= 400 ? answer : { status: 0, body: {} }));
}

const patternOf = (path: string): RegExp => new RegExp(`^${path.replace(/\{[^{}]+\}/g, '[^/]+')}$`);
