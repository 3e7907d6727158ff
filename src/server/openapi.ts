// The OpenAPI document of each dialect, and an interactive page for it.
import type { FastifyInstance } from 'fastify';
import { consoleFile, mountFiles, packageFile } from './files.js';

const FILES = {
  '/openapi/page.js': consoleFile('openapi', 'page.js'),
  '/openapi/swagger-ui.js': packageFile('swagger-ui-dist', 'swagger-ui-bundle.js'),
  '/openapi/swagger-ui.css': packageFile('swagger-ui-dist', 'swagger-ui.css'),
};

/** @param documents by the names of the dialects */
export function mountOpenApi(fastify: FastifyInstance, documents: Record<string, object>): void {
  mountFiles(fastify, FILES);
  for (const [name, document] of Object.entries(documents)) {
    mountFiles(fastify, { [`/openapi/${name}`]: consoleFile('openapi', 'index.html') });
    const text = JSON.stringify(document);
    fastify.get(`/openapi/${name}.json`, async (_request, reply) => reply.type('application/json').send(text));
  }
}
