// The lines of the authorisation table for CCM's paths of builds, conversions, apps, tasks, registries and nodes.
import type { Ids } from './authorization-content.js';
import type { Access, Call, Line, Outcome } from './authorization-line.js';
import { aBuild, aDoneTask, anApp, aRegistry } from './authorization-mutations.js';

/** A line for one of CCM's operations, with where the document has it. */
export type CcmLine = Line & { method: string; path: string };

type More = Partial<Omit<Line, 'group' | 'name' | 'access' | 'call' | 'stranger'>> & {
  query?: (ids: Ids) => string;
  body?: (ids: Ids, fresh: string) => unknown;
  headers?: Record<string, string>;
};

export function ccm(
  operationId: string,
  access: Access,
  route: `${'GET' | 'POST' | 'PATCH' | 'DELETE'} /v1/${string}`,
  stranger: Outcome,
  { query, body, headers, ...more }: More = {},
): CcmLine {
  const [method, path] = route.split(' ') as [string, string];
  const call = (ids: Ids, fresh: string): Call => {
    const ofPath = path.replace(/\{([a-z]+)-id\}/g, (_match, name: keyof Ids) => ids[name]);
    const asked = query ? `${ofPath}?${query(ids)}` : ofPath;
    return { kind: 'http', method, path: asked, body: body?.(ids, fresh), headers };
  };
  return { group: 'CCM', name: operationId, access, stranger, call, method, path, ...more };
}

const NO_WAIT = { prefer: 'respond-async', 'idempotency-key': 'table' };

/** Of an image that is not there, so that it ends soon. */
const images = ({ image }: Ids) => ({
  ...{ input_image: { name: `${image}:none` }, output_image: { name: `${image}-out:table` } },
  converter_options: {},
});

const BUILDS: CcmLine[] = [
  ccm('getAllBuilds', 'READER', 'GET /v1/builds', 'OK'),
  ccm('getAllBuilds', 'READER', 'GET /v1/builds', 'EMPTY', {
    what: 'by a text',
    query: ({ text }) => `all_search=${text}`,
  }),
  ccm('getAllBuilds', 'READER', 'GET /v1/builds', 'EMPTY', {
    ...{ what: 'of an image', query: ({ image }) => `docker_image_name=${image}` },
  }),
  ccm('createBuild', 'WRITER', 'POST /v1/builds', 'NOT_FOUND', {
    what: 'of an app',
    body: ({ app }) => ({ app_id: app }),
  }),
  ccm('createBuild', 'WRITER', 'POST /v1/builds', 'OK', { what: 'of no app', body: () => ({}) }),
  ccm('getBuild', 'READER', 'GET /v1/builds/{build-id}', 'NOT_FOUND'),
  ccm('updateBuild', 'WRITER', 'PATCH /v1/builds/{build-id}', 'NOT_FOUND', { body: () => ({ configs: {} }) }),
  ccm('deleteBuild', 'WRITER', 'DELETE /v1/builds/{build-id}', 'NOT_FOUND', { throwAway: aBuild }),
  ccm('getBuildDeployments', 'READER', 'GET /v1/builds/deployments/{build-id}', 'NOT_FOUND'),
  ccm('reportDeployment', 'WRITER', 'POST /v1/builds/deployments/{build-id}', 'NOT_FOUND', {
    body: ({ node }) => ({ node_id: node, status: 'STOPPED' }),
  }),
];

const CONVERSIONS: CcmLine[] = [
  ccm('convertAppBuildNitroEnclaves', 'WRITER', 'POST /v1/builds/convert-app/nitro-enclaves', 'NOT_FOUND', {
    headers: NO_WAIT,
    body: (ids) => ({ request: { app_id: ids.app, ...images(ids) }, nitro_enclaves_options: {} }),
  }),
  ccm('convertAppBuildAci', 'WRITER', 'POST /v1/builds/convert-app/aci', 'NOT_FOUND', {
    body: ({ app, image }) => ({
      ...{ app_id: app, input_image: { name: `${image}:1` } },
      aci_options: { policy: Buffer.from('package policy').toString('base64') },
    }),
  }),
  ccm('convertAppBuild', 'WRITER', 'POST /v1/builds/convert-app', 'NOT_FOUND', {
    ...{
      headers: { ...NO_WAIT, 'idempotency-key': 'legacy' },
      body: ({ app }) => ({ app_id: app, docker_version: 'none' }),
    },
  }),
  ccm('getConversion', 'READER', 'GET /v1/builds/convert-app/jobs/{job-id}', 'NOT_FOUND'),
  ccm('convertAppNitroEnclaves', 'WRITER', 'POST /v1/tools/converter/convert-app/nitro-enclaves', 'BAD_USER_INPUT', {
    allowed: 'BAD_USER_INPUT',
    body: (ids) => ({ request: images(ids), nitro_enclaves_options: {} }),
  }),
  ccm('convertAppAci', 'WRITER', 'POST /v1/tools/converter/convert-app/aci', 'FEATURE_NOT_SUPPORTED', {
    ...{ allowed: 'FEATURE_NOT_SUPPORTED', body: (ids) => ({ request: images(ids), aci_options: {} }) },
  }),
];

const APPS: CcmLine[] = [
  ccm('getAllApps', 'READER', 'GET /v1/apps', 'OK'),
  ccm('getAllApps', 'READER', 'GET /v1/apps', 'EMPTY', {
    what: 'by a text',
    query: ({ text }) => `all_search=${text}`,
  }),
  ccm('getAllApps', 'READER', 'GET /v1/apps', 'EMPTY', {
    ...{ what: 'of a group', query: ({ group }) => `filter=${group}` },
  }),
  ccm('addApplication', 'WRITER', 'POST /v1/apps', 'OK', {
    body: (_ids, fresh) => ({ name: fresh, input_image_name: 'in', output_image_name: 'out' }),
  }),
  ccm('getAppsUniqueLabels', 'READER', 'GET /v1/apps/unique_labels/count', 'OK'),
  ccm('getApp', 'READER', 'GET /v1/apps/{app-id}', 'NOT_FOUND'),
  ccm('updateApp', 'WRITER', 'PATCH /v1/apps/{app-id}', 'NOT_FOUND', { body: () => ({ description: 'other' }) }),
  ccm('deleteApp', 'WRITER', 'DELETE /v1/apps/{app-id}', 'NOT_FOUND', { throwAway: anApp }),
  ccm('getAppCertificate', 'READER', 'GET /v1/apps/{app-id}/node/{node-id}/certificate', 'NOT_FOUND', {
    allowed: 'FEATURE_NOT_SUPPORTED',
  }),
  ccm(
    'getAppNodeCertificateDetails',
    'READER',
    'GET /v1/apps/{app-id}/node/{node-id}/certificate-details',
    'NOT_FOUND',
    {
      allowed: 'FEATURE_NOT_SUPPORTED',
    },
  ),
];

const TASKS: CcmLine[] = [
  ccm('getAllTasks', 'READER', 'GET /v1/tasks', 'OK'),
  ccm('getTask', 'READER', 'GET /v1/tasks/{task-id}', 'NOT_FOUND'),
  ccm('UpdateTask', 'MANAGER', 'PATCH /v1/tasks/{task-id}', 'NOT_FOUND', {
    ...{ what: 'approved', throwAway: aBuild, body: () => ({ status: 'APPROVED' }) },
  }),
  ccm('UpdateTask', 'MANAGER', 'PATCH /v1/tasks/{task-id}', 'NOT_FOUND', {
    ...{ what: 'denied', throwAway: aBuild, body: () => ({ status: 'DENIED', denial_reason: 'no' }) },
  }),
  ccm('deleteTask', 'WRITER', 'DELETE /v1/tasks/{task-id}', 'NOT_FOUND', {
    throwAway: async (world) => ({ task: (await aDoneTask(world)).doneTask! }),
  }),
  ccm('getTaskStatus', 'READER', 'GET /v1/tasks/status/{task-id}', 'NOT_FOUND'),
];

const REGISTRIES: CcmLine[] = [
  ccm('getAllRegistries', 'READER', 'GET /v1/registry', 'OK'),
  ccm('createRegistry', 'WRITER', 'POST /v1/registry', 'OK', {
    body: (_ids, fresh) => ({ url: `${fresh}.example.com`, credential: { default: { username: 'a', password: 'b' } } }),
  }),
  ccm('getRegistry', 'READER', 'GET /v1/registry/{registry-id}', 'NOT_FOUND'),
  ccm('updateRegistry', 'WRITER', 'PATCH /v1/registry/{registry-id}', 'NOT_FOUND', {
    body: () => [{ op: 'replace', path: '/description', value: 'other' }],
  }),
  ccm('deleteRegistry', 'WRITER', 'DELETE /v1/registry/{registry-id}', 'NOT_FOUND', { throwAway: aRegistry }),
  ccm('getRegistryForApp', 'READER', 'GET /v1/registry/app/{app-id}', 'NOT_FOUND'),
  ccm('getRegistryForImage', 'READER', 'GET /v1/image/registry', 'NULL', {
    query: ({ registryScope }) => `image_name=${registryScope}:1`,
  }),
];

const NODES: CcmLine[] = [
  ccm('getAllNodes', 'READER', 'GET /v1/nodes', 'OK'),
  ccm('getAllNodes', 'READER', 'GET /v1/nodes', 'EMPTY', {
    what: 'by a text',
    query: ({ text }) => `all_search=${text}`,
  }),
  ccm('getNode', 'READER', 'GET /v1/nodes/{node-id}', 'NOT_FOUND'),
];

export const CCM_CATALOG = [...BUILDS, ...CONVERSIONS, ...APPS, ...TASKS, ...REGISTRIES, ...NODES];
