// npm's packages: the package.json of each folder below a node_modules.
import type { Package } from './package-url.js';

const NAME = /^(?:@[^/@]+\/)?[^/@]+$/;

/** None where it has no name or version: packages carry such ones for their own tests. Throws where it is no JSON. */
export function* npmPackages(bytes: Buffer): Generator<Package> {
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const document = JSON.parse(text) as Record<string, unknown> | null;
  const [name, version] = [document?.name, document?.version];
  if (typeof name !== 'string' || typeof version !== 'string' || name === '' || version === '') return;
  yield { type: 'npm', name: NAME.test(name) ? name : '', version, license: licenseOf(document?.license) };
}

function licenseOf(value: unknown): string | undefined {
  const license: unknown = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : value;
  return typeof license === 'string' ? license : undefined;
}
