// The packages as a CycloneDX document (SBOM), through the library of the CycloneDX project. Without serial number and
// time, and sorted: the same image gives the same bytes.
import { hexOf } from '../oci/reference.js';
import { ComponentType, HashAlgorithm } from '@cyclonedx/cyclonedx-library/Enums';
import { Bom, Component, LicenseExpression, Property, SpdxLicense, Tools } from '@cyclonedx/cyclonedx-library/Models';
import { JSON as Json, JsonSerializer } from '@cyclonedx/cyclonedx-library/Serialize';
import { isSupportedSpdxId } from '@cyclonedx/cyclonedx-library/SPDX';
import { Spec1dot6 } from '@cyclonedx/cyclonedx-library/Spec';
import type { Architecture } from '../oci/manifest.js';
import type { FoundPackage, FoundPackages } from './package-list.js';
import { imageUrl } from './package-url.js';

export const CYCLONEDX_TYPE = 'application/vnd.cyclonedx+json';

export interface SbomSubject {
  /** Of the input image, as the caller gave it, without credentials. */
  name: string;
  /** The manifest of the architecture. */
  manifestDigest: string;
  architecture: Architecture;
  converterVersion: string;
}

/** CycloneDX 1.6 in JSON. What is missing in it is a property `build-catalog:incomplete` each of its metadata. */
export function sbomOf(subject: SbomSubject, { packages, distribution, incomplete }: FoundPackages): Buffer {
  const bom = new Bom();
  bom.metadata.component = imageComponent(subject);
  const { converterVersion: version } = subject;
  bom.metadata.tools = new Tools();
  bom.metadata.tools.components.add(new Component(ComponentType.Application, 'build-catalog', { version }));
  for (const what of incomplete) bom.metadata.properties.add(new Property('build-catalog:incomplete', what));
  if (distribution) {
    const { id, versionId } = distribution;
    const bomRef = `os:${id}`;
    bom.components.add(new Component(ComponentType.OperatingSystem, id, { version: versionId, bomRef }));
  }
  for (const found of packages) bom.components.add(packageComponent(found));
  // Every component has its own reference: the library makes up random ones where they are missing.
  const text = new JsonSerializer(new Json.Normalize.Factory(Spec1dot6)).serialize(bom, { sortLists: false });
  return Buffer.from(text, 'utf8');
}

function imageComponent({ name, manifestDigest, architecture }: SbomSubject): Component {
  const purl = imageUrl({ name, digest: manifestDigest, architecture });
  const image = new Component(ComponentType.Container, name, { version: manifestDigest, purl, bomRef: purl });
  image.hashes.set(HashAlgorithm['SHA-256'], hexOf(manifestDigest));
  return image;
}

function packageComponent({ type, name, version, purl, license }: FoundPackage): Component {
  const slash = type === 'npm' ? name.indexOf('/') : -1;
  const group = slash < 0 ? undefined : name.slice(0, slash);
  const options = { version, group, purl, bomRef: purl };
  const component = new Component(ComponentType.Library, name.slice(slash + 1), options);
  const said = license === undefined ? undefined : licenseOf(license);
  if (said) component.licenses.add(said);
  return component;
}

/** Only what is a licence beyond doubt: an SPDX id, or such ids with AND and OR between them. */
function licenseOf(text: string): SpdxLicense | LicenseExpression | undefined {
  const areKnown = text.split(/ (?:AND|OR) /).every((id) => isSupportedSpdxId(id));
  if (!areKnown) return undefined;
  return text.includes(' ') ? new LicenseExpression(text) : new SpdxLicense(text);
}
