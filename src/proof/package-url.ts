// Package URLs (purl): one name for a package across tools. What is in lower case, what is encoded and which
// qualifiers there are differs by type (github.com/package-url/purl-spec, types/).
import type { Distribution } from './distribution.js';

export interface Package {
  type: 'deb' | 'apk' | 'rpm' | 'npm' | 'pypi';
  /** As its own tools write it; npm's with the scope. */
  name: string;
  version: string;
  architecture?: string;
  /** rpm's only; dpkg has it in the version. */
  epoch?: number;
  /** As the package says it, in no particular language. */
  license?: string;
}

type Qualifiers = Record<string, string | undefined>;

export function packageUrl(found: Package, distribution: Distribution | undefined): string {
  const { type, name, version } = found;
  if (type === 'npm') return url([type, ...name.toLowerCase().split('/')], version);
  if (type === 'pypi') return url([type, name.toLowerCase().replace(/[-_.]+/g, '-')], version);
  const ownName = type === 'rpm' ? name : name.toLowerCase();
  const vendor = distribution ? [vendorOf(type, distribution.id)] : [];
  return url([type, ...vendor, ownName], version, {
    arch: found.architecture,
    distro: distribution && [distribution.id, distribution.versionId].filter(Boolean).join('-'),
    epoch: found.epoch ? String(found.epoch) : undefined,
  });
}

/** @param name `host/repository`, with or without what may stand behind it (tag, digest) */
export function imageUrl({ name, digest, architecture }: { name: string; digest: string; architecture: string }) {
  const repository = name.replace(/@.*$/s, '').replace(/:[^/:]*$/, '');
  const lastPart = repository.slice(repository.lastIndexOf('/') + 1).toLowerCase();
  return url(['oci', lastPart], digest, { arch: architecture, repository_url: repository });
}

// The names that lists of known vulnerabilities have for them.
function vendorOf(type: string, id: string): string {
  if (type !== 'rpm') return id;
  return id === 'rhel' ? 'redhat' : id.replace(/^opensuse-.*/, 'opensuse');
}

function url(path: string[], version: string, qualifiers: Qualifiers = {}): string {
  const given = Object.entries(qualifiers).flatMap(([key, value]) => (value ? [`${key}=${encoded(value)}`] : []));
  const query = given.length > 0 ? `?${given.sort().join('&')}` : '';
  return `pkg:${path.map(encoded).join('/')}@${encoded(version)}${query}`;
}

function encoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
}
