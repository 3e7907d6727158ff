// From an image of Cycle to what the catalog shows of it. Pure: the same mapping serves what is made through Cycle's
// paths here and what is imported from Cycle. Nothing but a missing id makes it fail: what is unknown is passed over.
import { Architecture, BuildPhase } from '../../builds/build-parts.js';
import type { BuildDraft } from '../../builds/build-draft.js';
import { NetworkProtocol } from '../../builds/docker-info.js';
import type { DockerInfo, ExposedPort } from '../../builds/docker-info.js';
import type { VendorDocument } from '../../builds/origin.entity.js';
import type { OriginDraft } from '../../builds/origin.service.js';
import { objectIn } from '../document-value.js';
import { badInput } from '../../lib/errors.js';
import { fromWireTime } from './times.js';

const MIB = 1024 * 1024;

/** What is kept of an import here beside the image's document, as `related.import`. */
export interface ImportFacts {
  /** Job of the last import. */
  job_id: string;
  /** Where in the store it comes, from the first import on. */
  repository: string;
  /** Once it is in the store. */
  stored?: {
    repository: string;
    manifest_digest: string;
    /** Digest of the config. */
    image_id: string;
    architecture: 'amd64' | 'arm64';
    written_at: number;
  };
}

/** Throws BAD_USER_INPUT where the document has no id. */
export function toOriginDraft(
  document: VendorDocument,
  related: VendorDocument = {},
): Omit<OriginDraft, 'sourceKey' | 'listHash'> {
  const externalId = textOf(document.id);
  if (externalId === undefined || externalId === '') throw badInput('The image has no id.', 'document');
  const state = textOf(objectOf(document.state).current) ?? '';
  return {
    kind: 'CYCLE',
    externalId,
    groupKey: sourceIdOf(document),
    state,
    document,
    related,
    externalCreatedAt: fromWireTime(objectOf(document.events).created),
    build: toBuildDraft(document, related, state),
  };
}

/** Id of the image source, or of the stack build; empty where there is none. */
export const sourceIdOf = (document: VendorDocument): string =>
  (textOf(objectOf(objectOf(document.source).details).id) ?? '').slice(0, 255);

function toBuildDraft(document: VendorDocument, related: VendorDocument, state: string): BuildDraft {
  const { architecture } = objectOf(objectOf(related.import).stored);
  return {
    name: textOf(document.name) ?? null,
    phase: phaseOf(state, document),
    dockerInfo: dockerInfoOf(document, related) ?? null,
    ...(architecture === 'amd64' && { architecture: Architecture.AMD64 }),
    ...(architecture === 'arm64' && { architecture: Architecture.ARM64 }),
  };
}

const PHASES: Record<string, BuildPhase> = {
  new: BuildPhase.PENDING,
  uploading: BuildPhase.BUILDING,
  downloading: BuildPhase.BUILDING,
  building: BuildPhase.BUILDING,
  verifying: BuildPhase.BUILDING,
  saving: BuildPhase.BUILDING,
  live: BuildPhase.AVAILABLE,
  deleting: BuildPhase.DELETED,
  deleted: BuildPhase.DELETED,
};

function phaseOf(state: string, document: VendorDocument): BuildPhase {
  const phase = Object.hasOwn(PHASES, state) ? PHASES[state]! : BuildPhase.UNKNOWN;
  const isBeforeLive = phase === BuildPhase.PENDING || phase === BuildPhase.BUILDING;
  const { message } = objectOf(objectOf(document.state).error);
  return isBeforeLive && typeof message === 'string' && message !== '' ? BuildPhase.FAILED : phase;
}

function dockerInfoOf(document: VendorDocument, related: VendorDocument): DockerInfo | undefined {
  const named = storedName(document, related) ?? targetName(document);
  if (!named) return undefined;
  const { size } = document;
  const bytes = typeof size === 'number' && Number.isSafeInteger(size) && size > 0 ? size : undefined;
  return {
    ...named,
    ...(bytes !== undefined && { dockerImageSizeMib: Math.ceil(bytes / MIB) }),
    exposedPorts: portsOf(objectOf(document.config).ports),
  };
}

type Named = Pick<DockerInfo, 'dockerImageName' | 'dockerVersion' | 'dockerImageSha'>;

function storedName(document: VendorDocument, related: VendorDocument): Named | undefined {
  const { repository, image_id: imageId } = objectOf(objectOf(related.import).stored);
  if (typeof repository !== 'string' || typeof imageId !== 'string') return undefined;
  const dockerImageSha = imageId.replace(/^sha256:/, '');
  return { dockerImageName: `/${repository}`, dockerVersion: String(document.id), dockerImageSha };
}

/** By the target that the image is fetched from; undefined where it is built from something else. */
function targetName(document: VendorDocument): Named | undefined {
  const source = objectOf(document.source);
  const origin = objectOf(objectOf(source.details).origin);
  const details = objectOf(origin.details);
  const target = (textOf(objectOf(source.override).target) || textOf(details.target))?.slice(0, MAX_TARGET);
  if (!target) return undefined;
  const [, name = target, tag, digest] = /^(.+?)(?::([^:/@]+))?(?:@(.+))?$/s.exec(target) ?? [];
  const host = hostOfUrl(textOf(details.url));
  const isAlreadyThere = host === undefined || name.startsWith(`${host}/`);
  return { dockerImageName: isAlreadyThere ? name : `${host}/${name}`, dockerVersion: tag ?? digest ?? 'latest' };
}

function hostOfUrl(url: string | undefined): string | undefined {
  const host = url?.replace(/^[a-z]+:\/\//i, '').split('/')[0];
  return host === '' ? undefined : host;
}

const MAX_PORTS = 1_000;
const MAX_TARGET = 1_024;

function portsOf(ports: unknown): ExposedPort[] {
  const all = (Array.isArray(ports) ? ports.slice(0, MAX_PORTS) : []).flatMap((entry): ExposedPort[] => {
    const { container: port, type } = objectOf(entry);
    const isPort = typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535;
    const protocol = String(type).toLowerCase() === 'udp' ? NetworkProtocol.UDP : NetworkProtocol.TCP;
    return isPort ? [{ port, protocol }] : [];
  });
  return [...new Map(all.map((port) => [`${port.port}/${port.protocol}`, port])).values()];
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const objectOf = (value: unknown): Record<string, unknown> => objectIn(value) ?? {};
