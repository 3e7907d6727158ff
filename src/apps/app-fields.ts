// The fields of an app that can be given and changed, from an input to the row.
import { canonicalJson, withoutNulls } from '../lib/json.js';
import type { App } from './app.entity.js';
import type { AppChanges } from './app.input.js';

/** Those of the input that can be written as they are; of `allowedDomains` there is more to say. */
const PLAIN_FIELDS = [
  'inputImageName',
  'outputImageName',
  'isvprodid',
  'isvsvn',
  'memSizeMb',
  'threads',
  'defaultBuildSettings',
  'labels',
  'customMetadata',
  'signers',
] as const;
/** Those that null takes away. */
const NULLABLE_FIELDS = ['description', 'advancedSettings', 'certificatePolicy', 'groupId'] as const;

/** What of the app the input sets. */
export function givenFields(input: AppChanges): Partial<App> {
  const plain = PLAIN_FIELDS.filter((field) => input[field] !== undefined && input[field] !== null);
  const nullable = NULLABLE_FIELDS.filter((field) => input[field] !== undefined);
  return Object.fromEntries([...plain, ...nullable].map((field) => [field, withoutNulls<unknown>(input[field])]));
}

/** Those of the changes that change something. */
export function differing(app: App, changes: Partial<App>): Partial<App> {
  const fields = Object.keys(changes) as (keyof App)[];
  const changed = fields.filter((field) => canonicalJson(changes[field] ?? null) !== canonicalJson(app[field] ?? null));
  return Object.fromEntries(changed.map((field) => [field, changes[field]]));
}

export const emptyApp = () => ({
  description: null,
  inputImageName: '',
  outputImageName: '',
  isvprodid: 0,
  isvsvn: 0,
  memSizeMb: 0,
  threads: 0,
  defaultBuildSettings: {},
  allowedDomains: [],
  whitelistedDomains: [],
  domainsAdded: [],
  domainsRemoved: [],
  advancedSettings: null,
  labels: {},
  customMetadata: {},
  certificatePolicy: null,
  signers: [],
  pendingTaskId: null,
  marketplaceAppId: null,
  groupId: null,
});
