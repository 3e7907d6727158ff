// Serves files of this package and of npm packages under fixed paths: all that the pages need comes from this origin.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { packageRoot } from '../lib/package-root.js';

const fromHere = createRequire(__filename);

export const packageFile = (name: string, file: string): string =>
  join(dirname(fromHere.resolve(`${name}/package.json`)), file);

export const consoleFile = (folder: string, file: string): string => join(packageRoot, 'console', folder, file);

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** @param files by the path each is served at; read once */
export function mountFiles(fastify: FastifyInstance, files: Record<string, string>): void {
  const contents = new Map<string, Buffer>();
  for (const [path, file] of Object.entries(files)) {
    fastify.get(path, async (_request, reply) => {
      const content = contents.get(path) ?? readFileSync(file);
      contents.set(path, content);
      return reply.type(TYPES[extname(file)]!).header('cache-control', 'no-cache').send(content);
    });
  }
}
