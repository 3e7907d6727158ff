import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { buildSchema } from 'graphql';
import { parse } from 'yaml';
import { packageRoot } from '../../src/lib/package-root.js';
import { CYCLE } from '../support/authorization-cycle.js';
import { CYCLE_OPERATIONS } from '../support/cycle-contract.js';
import { titleOf } from '../support/authorization-line.js';
import { CCM, GRAPHQL, IMAGE_BUILDER, LINES } from '../support/authorization-table.js';
import { startTestGateway } from '../support/gateway.js';

const read = (name: string) => readFileSync(join(packageRoot, 'schema', name), 'utf8');
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

/** Every route that a whole gateway mounts, as `METHOD path`. */
async function mountedRoutes(): Promise<string[]> {
  const routes: string[] = [];
  const listen = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) routes.push(`${one} ${url}`);
    });
  };
  subscribe('fastify.initialization', listen);
  try {
    await (await startTestGateway()).close();
  } finally {
    unsubscribe('fastify.initialization', listen);
  }
  // The HTTP server answers HEAD wherever it answers GET, by the same handler; the store has HEAD of its own.
  return routes.filter((route) => !(route.startsWith('HEAD ') && !route.includes('/v2')));
}

describe('the authorisation table', () => {
  it('has a line for every root field of the schema, and no other', () => {
    const schema = buildSchema(read('schema.graphql'));
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const fields = roots.flatMap((root) => Object.keys(root!.getFields()).map((field) => `${root!.name} ${field}`));
    expect(sorted(GRAPHQL.map(({ group, name }) => `${group} ${name}`))).toEqual(sorted(fields));
  });

  it.each([
    ['ccm', CCM],
    ['image-builder', IMAGE_BUILDER],
  ])("has a line for every operation of %s's document, with its path and the role that it declares", (name, lines) => {
    const { paths } = parse(read(`openapi/${name}.yaml`)) as { paths: Record<string, Record<string, Operation>> };
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, { operationId }]) => operationId !== undefined)
        .map(([method, operation]) => {
          return `${operation.operationId} ${operation['x-access']} ${method.toUpperCase()} ${path}`;
        }),
    );
    const written = lines.map((line) => `${line.name} ${line.access} ${line.method} ${line.path}`);
    expect(sorted(written)).toEqual(sorted(described));
  });

  it("declares for each of Cycle's operations the role that its line has", () => {
    const written = CYCLE.map(({ name, access }) => `${access} ${name.replace(/:(\w+)/g, '{$1}')}`);
    const described = CYCLE_OPERATIONS.map(({ access, method, path }) => `${access} ${method} ${path}`);
    expect(sorted(written)).toEqual(sorted(described));
  });

  it('has a line for every route that a gateway mounts, of whichever group, and no other', async () => {
    const asMounted = ({ method, path }: { method: string; path: string }) => {
      const ofPath = path.replace(
        /\{([a-z]+)-([a-z])([a-z]+)\}/g,
        (_match, one: string, first: string, rest: string) => `:${one}${first.toUpperCase()}${rest}`,
      );
      return [`${method} ${ofPath}`, `${method} ${ofPath.replace('/v1', '/api/v1/confidential_computing')}`];
    };
    const others = LINES.filter(({ group }) => ['Cycle', 'store', 'other'].includes(group)).map(({ name }) => name);
    expect(sorted([...[...CCM, ...IMAGE_BUILDER].flatMap(asMounted), ...others])).toEqual(
      sorted(await mountedRoutes()),
    );
  });

  it('says each thing once', () => {
    const titles = LINES.map(titleOf);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
  });
});

interface Operation {
  operationId?: string;
  'x-access': string;
}
