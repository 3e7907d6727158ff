// The lines of the authorisation table for GraphQL's queries, and the subscription.
import type { Ids } from './authorization-content.js';
import type { Access, Call, Line, Outcome } from './authorization-line.js';

export const graphql = (query: string, variables?: object): Call => ({
  ...{ kind: 'graphql', method: 'POST', path: '/graphql' },
  body: { query, variables },
});

/** @param field as in a query: with arguments and selection */
const query = (name: string, access: Access, field: (ids: Ids) => string, stranger: Outcome, what?: string): Line => ({
  ...{ group: 'Query', name, access, stranger, what },
  call: (ids) => graphql(`{ ${name}${field(ids)} }`),
});

const BUILDS = '{ totalCount nodes { id name appName dockerInfo { dockerImageName } } edges { cursor node { id } } }';
const APPS = '{ totalCount nodes { id name description } edges { cursor node { id } } }';
const TASKS = '{ totalCount nodes { id requester { id name } subject { __typename } } }';
const ENTRIES = '{ totalCount nodes { ... on Build { id } ... on App { id } } }';
const DEPLOYMENTS = '{ totalCount nodes { id nodeId nodeName build { id } } }';
const LOG = '{ totalCount nodes { seq entityId actor { id name } before after hash } }';
const MACHINES = '{ totalCount nodes { id name deployments { id build { id } } } }';
const LOGIN = '{ id url scope username description }';
const SOURCE = '{ id name endpoint runs { id job { id } } }';
const NODE = '{ id __typename ... on App { name } }';

export const QUERIES: Line[] = [
  query('app', 'READER', ({ app }) => `(id: "${app}") { id name builds { id } }`, 'NULL'),
  query('appLabels', 'READER', () => '{ key value count }', 'OK'),
  query('apps', 'READER', () => APPS, 'OK'),
  query('apps', 'READER', ({ text }) => `(filter: { text: "${text}" }) ${APPS}`, 'EMPTY', 'by a text'),
  query('apps', 'READER', ({ group }) => `(filter: { groupId: ["${group}"] }) ${APPS}`, 'EMPTY', 'of a group'),
  query('build', 'READER', ({ build }) => `(id: "${build}") { id name app { id } pendingTask { id } }`, 'NULL'),
  query('build', 'READER', ({ build }) => `(id: "${build.toUpperCase()}") { id }`, 'NULL', 'in capitals'),
  query(
    'buildDiff',
    'READER',
    ({ build, converted }) => `(a: "${build}", b: "${converted}") { a { id } b { id } measurements { name a b } }`,
    'NOT_FOUND',
  ),
  query(
    'build',
    'READER',
    ({ converted }) => `(id: "${converted}") { provenance job { retryOf { id } log { message } signing { pcr0 } } }`,
    'NULL',
    'made here',
  ),
  query('builds', 'READER', () => BUILDS, 'OK'),
  query('builds', 'READER', ({ app }) => `(filter: { appId: "${app}" }) ${BUILDS}`, 'EMPTY', 'of an app'),
  query('builds', 'READER', ({ text }) => `(filter: { text: "${text}" }) ${BUILDS}`, 'EMPTY', 'by a text'),
  query('builds', 'READER', ({ group }) => `(filter: { groupId: ["${group}"] }) ${BUILDS}`, 'EMPTY', 'of a group'),
  query('buildsByMeasurement', 'READER', ({ pcr0 }) => `(value: "${pcr0}") ${BUILDS}`, 'EMPTY'),
  query('catalogLog', 'MANAGER', () => LOG, 'OK'),
  query('catalogLog', 'MANAGER', ({ app }) => `(filter: { entityId: "${app}" }) ${LOG}`, 'EMPTY', 'of an entity'),
  query('catalogLog', 'MANAGER', ({ user }) => `(filter: { entityId: "${user}" }) ${LOG}`, 'EMPTY', 'of a user'),
  query('cycleImageSources', 'READER', () => '{ id name origin }', 'OK'),
  query('deploymentNode', 'READER', ({ node }) => `(id: "${node}") { id name deployments { id } }`, 'NULL'),
  query('deploymentNodes', 'READER', () => MACHINES, 'OK'),
  query('deploymentNodes', 'READER', ({ text }) => `(text: "${text}") ${MACHINES}`, 'EMPTY', 'by a name'),
  query('deploymentNodes', 'READER', ({ node }) => `(text: "${node}") ${MACHINES}`, 'EMPTY', 'by an id'),
  query('deployments', 'READER', () => DEPLOYMENTS, 'OK'),
  query('deployments', 'READER', ({ text }) => `(filter: { text: "${text}" }) ${DEPLOYMENTS}`, 'EMPTY', 'by a text'),
  query(
    'deployments',
    'READER',
    ({ build }) => `(filter: { buildId: "${build}" }) ${DEPLOYMENTS}`,
    'EMPTY',
    'of a build',
  ),
  query('deployments', 'READER', ({ node }) => `(filter: { nodeId: "${node}" }) ${DEPLOYMENTS}`, 'EMPTY', 'of a node'),
  query('job', 'READER', ({ job }) => `(id: "${job}") { id status events { message } build { id } }`, 'NULL'),
  query('jobs', 'READER', () => '{ totalCount nodes { id outputImage { name } } }', 'OK'),
  query('node', 'READER', ({ app }) => `(id: "${app}") ${NODE}`, 'NULL', 'an app'),
  query('node', 'READER', ({ build }) => `(id: "${build}") ${NODE}`, 'NULL', 'a build'),
  query('node', 'READER', ({ task }) => `(id: "${task}") ${NODE}`, 'NULL', 'a task'),
  query('node', 'READER', ({ job }) => `(id: "${job}") ${NODE}`, 'NULL', 'a job'),
  query('node', 'READER', ({ source }) => `(id: "${source}") ${NODE}`, 'NULL', 'a source'),
  query(
    'nodes',
    'READER',
    (ids) => `(ids: ["${ids.app}", "${ids.build}", "${ids.task}", "${ids.job}"]) ${NODE}`,
    'NULL',
  ),
  query('registryCredential', 'READER', ({ registry }) => `(id: "${registry}") ${LOGIN}`, 'NULL'),
  query('registryCredentialForImage', 'READER', ({ image }) => `(imageName: "${image}:1") ${LOGIN}`, 'NULL'),
  query('registryCredentials', 'READER', () => '{ totalCount nodes { id url username description } }', 'OK'),
  query('search', 'READER', ({ text }) => `(text: "${text}") ${ENTRIES}`, 'EMPTY', 'by a name'),
  query('search', 'READER', ({ pcr0 }) => `(text: "${pcr0}") ${ENTRIES}`, 'EMPTY', 'by a measurement'),
  query('signIns', 'MANAGER', () => '{ totalCount nodes { id email address } }', 'OK'),
  query('source', 'READER', ({ source }) => `(id: "${source}") ${SOURCE}`, 'NULL'),
  query('sources', 'READER', () => SOURCE, 'OK'),
  query('task', 'READER', ({ task }) => `(id: "${task}") { id requester { name } subject { __typename } }`, 'NULL'),
  query('tasks', 'READER', () => TASKS, 'OK'),
  query('tasks', 'READER', ({ email }) => `(filter: { requester: "${email}" }) ${TASKS}`, 'EMPTY', 'of a requester'),
  query('tasks', 'READER', ({ build }) => `(filter: { text: "${build}" }) ${TASKS}`, 'EMPTY', 'by a subject'),
  query('users', 'READER', () => '{ totalCount nodes { role user { id email firstName } } }', 'OK'),
  query(
    'users',
    'READER',
    ({ email }) => `(text: "${email}") { totalCount nodes { user { id } } }`,
    'EMPTY',
    'by an address',
  ),
  query(
    'viewer',
    'USER',
    () =>
      '{ user { id email } account { id name hubId awsAccountId } accounts { id } roles accessTokens { id name } awsAccessKeys { accessKeyId name } }',
    'OK',
  ),
].map((line) => (line.what === 'of a requester' ? { ...line, allowed: 'EMPTY' } : line));

export const SUBSCRIPTIONS: Line[] = [
  {
    ...{ group: 'Subscription', name: 'conversionStatus', access: 'READER', stranger: 'NOT_FOUND' },
    call: ({ job }) => ({
      ...{ kind: 'graphql-ws', method: 'GET', path: '/graphql' },
      body: { query: `subscription { conversionStatus(jobId: "${job}") { seq status message build { id } } }` },
    }),
  },
  {
    ...{ group: 'Subscription', name: 'catalogChanges', access: 'READER', stranger: 'OK' },
    call: () => ({
      ...{ kind: 'graphql-ws', method: 'GET', path: '/graphql' },
      body: { query: 'subscription { catalogChanges(afterSeq: 0) { seq kind entityId entry { __typename } } }' },
    }),
  },
  {
    ...{ group: 'Subscription', name: 'catalogChanges', what: 'of tokens', access: 'READER', needs: 'MANAGER' },
    stranger: 'OK',
    call: () => ({
      ...{ kind: 'graphql-ws', method: 'GET', path: '/graphql' },
      body: { query: 'subscription { catalogChanges(afterSeq: 0, filter: { entityType: "AccessToken" }) { seq } }' },
    }),
  },
];
