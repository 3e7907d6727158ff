// GraphiQL, served by the gateway itself from the files of its npm packages.
import type { FastifyInstance } from 'fastify';
import { consoleFile, mountFiles, packageFile } from './files.js';

const FILES = {
  '/graphiql': consoleFile('graphiql', 'index.html'),
  '/graphiql/page.js': consoleFile('graphiql', 'page.js'),
  '/graphiql/page.css': consoleFile('graphiql', 'page.css'),
  '/graphiql/react.js': packageFile('react', 'umd/react.production.min.js'),
  '/graphiql/react-dom.js': packageFile('react-dom', 'umd/react-dom.production.min.js'),
  '/graphiql/graphiql.js': packageFile('graphiql', 'graphiql.min.js'),
  '/graphiql/graphiql.css': packageFile('graphiql', 'graphiql.min.css'),
  '/graphiql/graphql-ws.js': packageFile('graphql-ws', 'umd/graphql-ws.min.js'),
};

export function mountGraphiql(fastify: FastifyInstance): void {
  mountFiles(fastify, FILES);
  fastify.get('/', async (_request, reply) => reply.redirect('/graphiql', 302));
}
