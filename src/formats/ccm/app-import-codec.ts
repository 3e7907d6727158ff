// An app as a CCM tells it, as the catalog keeps it.
import { isUuid } from '../../lib/ids.js';
import { withoutNulls, withoutUndefined } from '../../lib/json.js';
import type { ImportedApp } from '../../sources/source-connector.js';
import { fromWireAppRequest } from './app-codec.js';
import { isAs } from './origin-codec.js';
import { objectIn } from '../document-value.js';
import { integerOr, partOr, textOr, textsOr } from './told.js';
import type { WireAppRequest } from './wire-apps.js';

const MAX_INT32 = 2 ** 31 - 1;

/** Those that are kept only where they are as the vendor's document says. */
const CHECKED = [
  'default_build_settings',
  'advanced_settings',
  'certificate_policy',
  'labels',
  'custom_metadata',
  'signers',
];

/** Undefined for a document without an id or a name. */
export function toImportedApp(document: unknown): ImportedApp | undefined {
  const told = objectIn(document);
  const id = textOr(told?.app_id);
  const name = textOr(told?.name, 255);
  if (!told || id === undefined || !isUuid(id) || name === undefined) return undefined;
  const parts = CHECKED.filter((part) => isAs('AppRequest', { ...MINIMAL, [part]: told[part] }));
  const wire = { name, ...Object.fromEntries(parts.map((part) => [part, told[part]])) } as WireAppRequest;
  const { defaultBuildSettings, advancedSettings, certificatePolicy, labels, customMetadata, signers } = partOr(() =>
    fromWireAppRequest(wire),
  ) ?? { name };
  const app = withoutUndefined({
    description: textOr(told.description),
    inputImageName: textOr(told.input_image_name, 2_048),
    outputImageName: textOr(told.output_image_name, 2_048),
    isvprodid: integerOr(told.isvprodid, { max: MAX_INT32 }),
    isvsvn: integerOr(told.isvsvn, { max: MAX_INT32 }),
    memSizeMb: integerOr(told.mem_size),
    threads: integerOr(told.threads, { max: MAX_INT32 }),
    allowedDomains: textsOr(told.allowed_domains),
    whitelistedDomains: textsOr(told.whitelisted_domains),
    groupId: uuidOr(told.group_id),
    marketplaceAppId: uuidOr(told.marketplace_app_id),
  });
  const settings = { defaultBuildSettings, advancedSettings, certificatePolicy, labels, customMetadata, signers };
  return {
    id: id.toLowerCase(),
    app: { ...app, ...(withoutNulls(settings) as object), name },
    document: told,
  };
}

const MINIMAL = { name: 'x', input_image_name: 'x', output_image_name: 'x' };

const uuidOr = (value: unknown): string | undefined => {
  const text = textOr(value);
  return text !== undefined && isUuid(text) ? text.toLowerCase() : undefined;
};
