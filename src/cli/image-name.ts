// What the command line calls an image: a reference to a registry, or a file or folder that is read without the network.
import { basename, resolve } from 'node:path';
import { CatalogError } from '../lib/errors.js';
import { isLayoutName } from '../oci/layout-repository.js';
import { formatReference, parseReference } from '../oci/reference.js';
import type { Reference } from '../oci/reference.js';
import { UsageError } from './failure.js';

export type ImageName =
  | { kind: 'registry'; reference: Reference }
  | { kind: 'layout'; folder: string; name: string | undefined }
  | { kind: 'archive'; file: string; name: string | undefined };

export type OutputName =
  | { kind: 'file'; file: string }
  | Extract<ImageName, { kind: 'registry' }>
  | { kind: 'layout'; folder: string; name: string };

/** Throws UsageError. The path of `oci:` and `docker-archive:` ends at its first colon, as skopeo has it. */
export function parseImageName(text: string): ImageName {
  const [, transport, path = '', name] = /^(oci|docker-archive):([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  if (transport === undefined) return { kind: 'registry', reference: referenceOf(text.replace(/^docker:\/\//, '')) };
  if (path === '') throw new UsageError(`${JSON.stringify(text)} names no ${transport === 'oci' ? 'folder' : 'file'}.`);
  if (name === '') throw new UsageError(`${JSON.stringify(text)} ends with a colon.`);
  return transport === 'oci' ? { kind: 'layout', folder: path, name } : { kind: 'archive', file: path, name };
}

/** What ends with `.eif` or begins like a path is a file, anything else an image, as is what says so itself. */
export function parseOutputName(text: string): OutputName {
  const isNamed = /^(?:oci:|docker-archive:|docker:\/\/)/.test(text);
  if (!isNamed && /\.eif$|^\.{0,2}\//i.test(text)) return { kind: 'file', file: text };
  const output = parseImageName(text);
  if (output.kind === 'archive') throw new UsageError('An archive can not be written: use oci:DIR:NAME or FILE.eif.');
  if (output.kind === 'registry') {
    if (output.reference.digest !== undefined) throw new UsageError('The output image must have a tag and no digest.');
    return output;
  }
  const { folder, name } = output;
  if (name === undefined) throw new UsageError('The output needs a name in the layout: oci:DIR:NAME.');
  if (!isLayoutName(name)) throw new UsageError(`${JSON.stringify(name)} is no name for an image in a layout.`);
  return { kind: 'layout', folder, name };
}

/** Whether the result would take the place of what it is made of. */
export function isSameImage(input: ImageName, output: OutputName): boolean {
  if (input.kind === 'layout' && output.kind === 'layout') {
    return resolve(input.folder) === resolve(output.folder) && input.name === output.name;
  }
  if (input.kind !== 'registry' || output.kind !== 'registry' || input.reference.digest !== undefined) return false;
  return formatReference(input.reference) === formatReference(output.reference);
}

/** For messages and results. */
export function formatOutputName(output: OutputName): string {
  if (output.kind === 'file') return output.file;
  if (output.kind === 'layout') return `oci:${output.folder}:${output.name}`;
  const { host, repository, tag } = output.reference;
  return `${host}/${repository}:${tag}`;
}

/** What the EIF calls an image that has no name of its own: the last part of its path. */
export function nameOfPath(path: string): string {
  return basename(resolve(path)).replace(/\.tar$/, '');
}

function referenceOf(text: string): Reference {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof CatalogError) throw new UsageError(error.message);
    throw error;
  }
}
