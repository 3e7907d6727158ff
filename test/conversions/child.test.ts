import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../src/lib/package-root.js';

const CHILD = join(packageRoot, 'dist', 'src', 'conversions', 'child.js');

describe('the process of a conversion', () => {
  it('loads nothing of the database, of GraphQL or of the web server', () => {
    const script = `require(${JSON.stringify(CHILD)}); console.log(Object.keys(require.cache).join('\\n')); process.exit()`;
    const loaded = execFileSync(process.execPath, ['-e', script]).toString();
    expect(loaded).toContain('convert.js');
    expect(loaded).not.toMatch(/node_modules\/(?:typeorm|sqlite3|pg|graphql|type-graphql|fastify|@apollo)\//);
  });
});
