// GraphiQL, served by the gateway itself from the files of its npm packages.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { packageRoot } from '../lib/package-root.js';

const fromHere = createRequire(__filename);
const packageFile = (name: string, file: string) => join(dirname(fromHere.resolve(`${name}/package.json`)), file);
const ownFile = (file: string) => join(packageRoot, 'console', 'graphiql', file);

const FILES = {
  '/graphiql': [ownFile('index.html'), 'text/html; charset=utf-8'],
  '/graphiql/page.js': [ownFile('page.js'), 'text/javascript; charset=utf-8'],
  '/graphiql/page.css': [ownFile('page.css'), 'text/css; charset=utf-8'],
  '/graphiql/react.js': [packageFile('react', 'umd/react.production.min.js'), 'text/javascript; charset=utf-8'],
  '/graphiql/react-dom.js': [
    packageFile('react-dom', 'umd/react-dom.production.min.js'),
    'text/javascript; charset=utf-8',
  ],
  '/graphiql/graphiql.js': [packageFile('graphiql', 'graphiql.min.js'), 'text/javascript; charset=utf-8'],
  '/graphiql/graphiql.css': [packageFile('graphiql', 'graphiql.min.css'), 'text/css; charset=utf-8'],
  '/graphiql/graphql-ws.js': [packageFile('graphql-ws', 'umd/graphql-ws.min.js'), 'text/javascript; charset=utf-8'],
} as const;

export function mountGraphiql(fastify: FastifyInstance): void {
  const contents = new Map<string, Buffer>();
  for (const [path, [file, type]] of Object.entries(FILES)) {
    fastify.get(path, async (_request, reply) => {
      const content = contents.get(path) ?? readFileSync(file);
      contents.set(path, content);
      return reply.type(type).header('cache-control', 'no-cache').send(content);
    });
  }
  fastify.get('/', async (_request, reply) => reply.redirect('/graphiql', 302));
}
