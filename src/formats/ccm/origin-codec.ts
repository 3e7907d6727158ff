// A build as a CCM tells it, as the catalog keeps it. Only a document without an id is refused.
import { BuildPhase, BuildStatusType } from '../../builds/build-parts.js';
import type { EnclaveInfo } from '../../builds/build-parts.js';
import { storedAttributes } from '../../builds/build.check.js';
import type { BuildDraft } from '../../builds/build-draft.js';
import type { DockerInfo } from '../../builds/docker-info.js';
import type { StoredAttributes } from '../../builds/image-attributes.js';
import { measurementsOf } from '../../builds/measurements.js';
import type { VendorDocument } from '../../builds/origin.entity.js';
import type { OriginDraft } from '../../builds/origin.service.js';
import { badInput } from '../../lib/errors.js';
import { isUuid } from '../../lib/ids.js';
import { withoutNulls, withoutUndefined } from '../../lib/json.js';
import { readOpenApi } from '../openapi.js';
import { createSchemaCheck } from '../schema-check.js';
import type { CheckSchema } from '../schema-check.js';
import { fromWireAttributes } from './attributes-codec.js';
import { fromWireAdvancedSettings, fromWireDockerInfo } from './settings-codec.js';
import { objectIn } from '../document-value.js';
import { booleanOr, integerOr, partOr, textOr, timeOr } from './told.js';
import type { WireDockerInfo, WireImageAttributes } from './wire.js';

type VendorDraft = Omit<OriginDraft, 'sourceKey' | 'listHash'>;

/** @param related its pending `task`, where there is one. Throws BAD_USER_INPUT for a document without an id. */
export function toOriginDraft(document: unknown, related?: VendorDocument): VendorDraft {
  const told = objectIn(document);
  const id = textOr(told?.build_id);
  if (!told || id === undefined || !isUuid(id)) throw badInput('The build has no build_id that is a UUID.', 'build_id');
  const buildId = id.toLowerCase();
  const appId = uuidOr(told.app_id);
  return {
    ...{ kind: 'CCM', externalId: buildId, buildId, document: told, related },
    groupKey: appId ?? '',
    state: textOr(objectIn(told.status)?.status, 255) ?? '',
    externalCreatedAt: timeOr(told.created_at),
    review: reviewOf(objectIn(told.status)),
    build: buildOf(told, appId),
  };
}

function buildOf(told: VendorDocument, appId: string | undefined): BuildDraft {
  return withoutUndefined({
    name: textOr(told.build_name),
    appId,
    appName: textOr(told.app_name, 255),
    appDescription: textOr(told.app_description),
    dockerInfo: dockerInfoOf(objectIn(told.docker_info)),
    enclaveInfo: enclaveInfoOf(objectIn(told.enclave_info)),
    attributes: attributesOf(objectIn(told.attributes)),
    phase: BuildPhase.AVAILABLE,
    memSizeMb: integerOr(told.mem_size),
    threads: integerOr(told.threads, { max: MAX_INT32 }),
    advancedSettings: settingsOf(objectIn(told.advanced_settings)),
    configs: configsOf(objectIn(told.configs)),
    launchHint: launchHintOf(objectIn(told.launch_hint)),
    marketplaceBuildId: uuidOr(told.marketplace_build_id),
    enableOverlayFilesystemPersistence: booleanOr(told.enable_overlay_filesystem_persistence),
    groupId: uuidOr(told.group_id),
  });
}

const MAX_INT32 = 2 ** 31 - 1;
const MAX_ATTRIBUTES = 32;
const MAX_CONFIGS = 128;

const uuidOr = (value: unknown): string | undefined => {
  const text = textOr(value);
  return text !== undefined && isUuid(text) ? text.toLowerCase() : undefined;
};

const REVIEWS: Record<string, BuildStatusType> = {
  PENDING: BuildStatusType.PENDING,
  WHITELISTED: BuildStatusType.WHITELISTED,
  REJECTED: BuildStatusType.REJECTED,
};

function reviewOf(status: VendorDocument | undefined): VendorDraft['review'] {
  const word = textOr(status?.status);
  const known = word !== undefined && Object.hasOwn(REVIEWS, word) ? REVIEWS[word] : undefined;
  return known && { status: known, at: timeOr(status?.status_updated_at) };
}

let schemaCheck: CheckSchema | undefined;

/** Whether a part is as the vendor's document says. Its enums and types are then safe to map. */
export function isAs(schema: string, value: unknown): boolean {
  schemaCheck ??= createSchemaCheck(readOpenApi('ccm').schemas);
  try {
    schemaCheck(schema, value, 'body');
    return true;
  } catch {
    return false;
  }
}

function dockerInfoOf(told: VendorDocument | undefined): DockerInfo | undefined {
  const name = textOr(told?.docker_image_name, 2_048);
  if (!told || name === undefined) return undefined;
  const ports = Array.isArray(told.exposed_ports) ? told.exposed_ports.filter((port) => isPort(port)) : undefined;
  const wire = {
    docker_image_name: name,
    docker_version: textOr(told.docker_version, 255) ?? '',
    docker_image_sha: textOr(told.docker_image_sha, 255),
    docker_image_size: integerOr(told.docker_image_size),
    exposed_ports: ports,
  };
  return withoutNulls(fromWireDockerInfo(wire as WireDockerInfo));
}

function isPort(value: unknown): boolean {
  const told = objectIn(value);
  const isProtocol = told?.protocol === 'Tcp' || told?.protocol === 'Udp';
  return isProtocol && integerOr(told.port, { min: 1, max: 65_535 }) !== undefined;
}

function enclaveInfoOf(told: VendorDocument | undefined): EnclaveInfo | undefined {
  const info = withoutUndefined({
    mrenclave: measurementOr(told?.mrenclave),
    mrsigner: measurementOr(told?.mrsigner),
    isvprodid: integerOr(told?.isvprodid, { max: MAX_INT32 }),
    isvsvn: integerOr(told?.isvsvn, { max: MAX_INT32 }),
  });
  return Object.keys(info).length > 0 ? info : undefined;
}

const measurementOr = (value: unknown): string | undefined => {
  const text = textOr(value);
  return text !== undefined && /^[0-9a-f]{64}$/i.test(text) ? text : undefined;
};

/** Throws where they can not be looked up. */
function measurable(attributes: StoredAttributes[]): StoredAttributes[] {
  measurementsOf(attributes, null);
  return attributes;
}

/** Each entry for itself: one of a platform that is not known here leaves the others. */
function attributesOf(told: VendorDocument | undefined): StoredAttributes[] {
  const entries = Object.entries(told ?? {}).flatMap(([key, entry]) => {
    const wire = { [key]: withoutNulls(entry) as WireImageAttributes };
    if (!isAs('ImageAttributes', wire[key])) return [];
    return partOr(() => measurable(storedAttributes(withoutNulls(fromWireAttributes(wire))))) ?? [];
  });
  return entries.slice(0, MAX_ATTRIBUTES);
}

/** Each setting for itself. */
function settingsOf(told: VendorDocument | undefined): BuildDraft['advancedSettings'] {
  if (!told) return undefined;
  const right = Object.entries(told).filter(([name, value]) => isAs('AdvancedSettings', { [name]: value }));
  const settings = fromWireAdvancedSettings(Object.fromEntries(right));
  return withoutNulls(settings);
}

function configsOf(told: VendorDocument | undefined): Record<string, object> {
  const right = Object.entries(told ?? {}).filter(([id, config]) => id !== '' && id.length <= 255 && objectIn(config));
  return Object.fromEntries(right.slice(0, MAX_CONFIGS)) as Record<string, object>;
}

function launchHintOf(told: VendorDocument | undefined): BuildDraft['launchHint'] {
  const azureResourceTemplate = textOr(told?.azure_resource_template, 262_144);
  return azureResourceTemplate === undefined ? undefined : { azureResourceTemplate };
}
