// The import directions of the design: what stands left in a row may be imported by what stands right.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const SRC = resolve(__dirname, '../../src');
const TESTS = resolve(__dirname, '..');

const BUILDS = ['lib', 'db', 'events', 'auth', 'tasks', 'apps', 'builds'];
const CATALOG = [...BUILDS, 'deployments', 'credentials', 'jobs'];
const IMAGES = ['lib', 'oci', 'nitro', 'proof'];
const CONVERSIONS = [...CATALOG, ...IMAGES, 'conversions'];
const SOURCES = [...CONVERSIONS, 'sources'];

/** Folder -> folders it may import, itself included. */
const MAY_IMPORT: Record<string, string[]> = {
  ...Object.fromEntries(CATALOG.map((folder, index) => [folder, CATALOG.slice(0, index + 1)])),
  // Beside each other.
  credentials: [...BUILDS, 'credentials'],
  ...Object.fromEntries(IMAGES.map((folder, index) => [folder, IMAGES.slice(0, index + 1)])),
  conversions: CONVERSIONS,
  sources: SOURCES,
  // Nothing of the catalog: it has no server.
  cli: [...IMAGES, 'conversions', 'cli'],
  'image-sources': [...CONVERSIONS, 'image-sources'],
  // What a format must store goes through services.
  formats: [...SOURCES.filter((folder) => folder !== 'db'), 'image-sources', 'formats'],
  graphql: ['lib', 'auth', 'graphql'],
  server: ['lib', 'auth', 'server'],
};

/** Whoever hands a format's parts what they need. */
const COMPOSITION_ROOT = ['app.ts', 'app-images.ts', 'app-origins.ts', 'app-resolvers.ts', 'app-sources.ts'];

interface Import {
  from: string;
  to: string;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes(`${sep}generated${sep}`));
}

/** Every relative import, types and side effects included. */
function importsOf(file: string): Import[] {
  const specifiers = [
    ...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\b[^;]*?from '(\.[^']+)'|^import '(\.[^']+)'/gm),
  ];
  return specifiers.map(([, from, bare]) => ({
    from: relative(SRC, file),
    to: relative(SRC, resolve(dirname(file), (from ?? bare)!)),
  }));
}

const imports = filesIn(SRC).flatMap(importsOf);
const folderOf = (path: string): string => (path.includes(sep) ? path.split(sep)[0]! : path);

describe('the source', () => {
  it('is where the design says', () => {
    const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual([...Object.keys(MAY_IMPORT), 'demo'].sort());
    expect(imports.length).toBeGreaterThan(300);
  });

  it('imports only in the directions of the design', () => {
    const wrong = imports.filter(({ from, to }) => {
      const allowed = MAY_IMPORT[folderOf(from)];
      return allowed !== undefined && !allowed.includes(folderOf(to));
    });
    expect(wrong).toEqual([]);
  });

  it('has formats that do not know each other', () => {
    const vendorOf = (path: string) => (path.startsWith(`formats${sep}`) ? path.split(sep).slice(1, -1)[0] : undefined);
    const wrong = imports.filter(
      ({ from, to }) =>
        vendorOf(to) !== undefined && vendorOf(from) !== vendorOf(to) && !COMPOSITION_ROOT.includes(from),
    );
    expect(wrong).toEqual([]);
  });

  it('has no import cycles', () => {
    const next = new Map<string, string[]>();
    for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to.replace(/\.js$/, '.ts')]);
    const done = new Set<string>();
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) throw new Error([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (done.has(file)) return;
      for (const target of next.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    expect(() => [...next.keys()].forEach((file) => visit(file, []))).not.toThrow();
    expect(done.size).toBeGreaterThan(100);
  });

  it('reads the environment in one place', () => {
    const readers = filesIn(SRC).filter((file) =>
      /process\.env/.test(readFileSync(file, 'utf8').replace(/\/\/.*|\/\*[^]*?\*\//g, '')),
    );
    expect(readers.map((file) => relative(SRC, file)).sort()).toEqual([
      'audit-verify.ts',
      'cli/main.ts',
      'demo/demo.ts',
      'main.ts',
    ]);
  });

  it('news services in one place', () => {
    const pattern = /new \w+(?:Service|Query|Resolver|Worker)\(/;
    const makers = filesIn(SRC).filter((file) => pattern.test(readFileSync(file, 'utf8')));
    expect(makers.map((file) => relative(SRC, file)).sort()).toEqual([
      ...['app-conversions.ts', 'app-images.ts', 'app-resolvers.ts', 'app-services.ts', 'app-sources.ts'],
    ]);
  });

  it('has no barrels', () => {
    expect(filesIn(SRC).filter((file) => file.endsWith(`${sep}index.ts`))).toEqual([]);
  });
});

describe('the tests', () => {
  it('replace no modules and do not sleep', () => {
    const wrong = filesIn(TESTS).filter((file) => {
      const text = readFileSync(file, 'utf8');
      return file !== __filename && /jest\.mock\(|setTimeout\(\s*(?:resolve|done)|sleep\(/.test(text);
    });
    expect(wrong).toEqual([]);
  });
});
