// The lines of the authorisation table for GraphQL's mutations.
import {
  asking,
  createAccessToken,
  createApp,
  createBuild,
  createRegistry,
  createSource,
  MARKER,
  newAccessKey,
  sourceInput,
} from './authorization-content.js';
import type { Ids } from './authorization-content.js';
import { graphql } from './authorization-graphql.js';
import type { Access, Line, Outcome } from './authorization-line.js';
import { PASSWORD } from './authorization-world.js';
import type { World } from './authorization-world.js';

export const anApp = async ({ gateway, fresh }: World): Promise<Partial<Ids>> => ({
  app: await createApp(asking(gateway), `${MARKER}-${fresh()}`),
});

/** With a task that waits. */
export const aBuild = async ({ gateway }: World): Promise<Partial<Ids>> => createBuild(asking(gateway));

export const aDoneTask = async ({ gateway }: World): Promise<Partial<Ids>> => {
  const ask = asking(gateway);
  const { task } = await createBuild(ask);
  await ask(`mutation { denyTask(input: { taskId: "${task}" }) { userErrors { message } } }`);
  return { doneTask: task };
};

export const aRegistry = async ({ gateway, fresh }: World): Promise<Partial<Ids>> => ({
  registry: await createRegistry(asking(gateway), `${MARKER}-${fresh()}.example.com`, MARKER),
});

const aSource = async ({ gateway, fresh }: World): Promise<Partial<Ids>> => ({
  source: await createSource(asking(gateway), `${MARKER}-${fresh()}`),
});

const anAccessToken = async ({ gateway, fresh }: World): Promise<Partial<Ids>> => ({
  accessToken: await createAccessToken(asking(gateway), `${MARKER}-${fresh()}`),
});

const anAccessKey = async ({ gateway, fresh }: World): Promise<Partial<Ids>> => ({
  accessKey: (await newAccessKey(asking(gateway), `${MARKER}-${fresh()}`, 'READER')).accessKeyId,
});

export const aMember = async ({ gateway, fresh }: World): Promise<Partial<Ids>> => {
  const input = `{ email: "${fresh()}@${MARKER}.example.com", roles: [READER] }`;
  const { member } = await asking(gateway)(`mutation { inviteUser(input: ${input}) { member { user { id } } } }`);
  return { user: member.user.id };
};

type More = Partial<Omit<Line, 'group' | 'name' | 'access' | 'call' | 'stranger'>>;

export const mutation = (
  name: string,
  access: Access,
  input: (ids: Ids, fresh: string) => object,
  stranger: Outcome,
  { selects = '', ...more }: More & { selects?: string } = {},
): Line => ({
  ...{ group: 'Mutation', name, access, stranger, ...more },
  call: (ids, fresh) => {
    const type = INPUTS[name] ?? `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
    const selection = `{ ${selects} userErrors { code message field } }`;
    return graphql(`mutation ($input: ${type}!) { ${name}(input: $input) ${selection} }`, { input: input(ids, fresh) });
  },
});

/** About whoever calls, so that there is nothing to name. */
const ownMutation = (
  name: string,
  stranger: Outcome,
  { selects = '', ...more }: More & { selects?: string },
): Line => ({
  ...{ group: 'Mutation', name, access: 'USER', stranger, ...more },
  call: () => graphql(`mutation { ${name} { ${selects} userErrors { code message field } } }`),
});

const INPUTS: Record<string, string> = { deleteAccount: 'AccountIdInput' };

const MEMBER = 'member { role user { id email firstName } }';
const ACCOUNT = 'account { id name hubId }';

const imageNamed = (name: string) => ({
  arn: `arn:aws:imagebuilder:us-west-2:123456789012:image/${name}/1.0.0/1`,
});

export const MUTATIONS: Line[] = [
  mutation('approveTask', 'MANAGER', ({ task: taskId }) => ({ taskId }), 'NOT_FOUND', {
    ...{ throwAway: aBuild, selects: 'task { id requester { id } }' },
  }),
  mutation('attachSignature', 'WRITER', ({ job: jobId }) => ({ jobId, signature: '00' }), 'NOT_FOUND', {
    ...{ allowed: 'CONFLICT', selects: 'job { id }' },
  }),
  mutation('cancelJob', 'WRITER', ({ job: jobId }) => ({ jobId }), 'NOT_FOUND', {
    ...{ allowed: 'CONFLICT', selects: 'job { id }' },
  }),
  mutation('changePassword', 'USER', () => ({ currentPassword: 'wrong', newPassword: PASSWORD }), 'BAD_USER_INPUT', {
    ...{ allowed: 'BAD_USER_INPUT', machines: 'FORBIDDEN' },
  }),
  mutation('convertNitroImage', 'WRITER', ({ app, image }) => conversion(image, app), 'NOT_FOUND', {
    ...{ what: 'for an app', selects: 'job { id }' },
  }),
  mutation('convertNitroImage', 'WRITER', ({ image }) => conversion(image), 'OK', {
    ...{ what: 'for no app', selects: 'job { id }' },
  }),
  mutation('createAwsAccessKey', 'MANAGER', (_ids, fresh) => ({ name: fresh, roles: ['READER'] }), 'OK', {
    selects: 'secretAccessKey awsAccessKey { id accessKeyId }',
  }),
  mutation('createImageBuilderImage', 'WRITER', (_ids, fresh) => ({ document: imageNamed(fresh) }), 'OK', {
    selects: 'build { id name }',
  }),
  mutation('revokeAwsAccessKey', 'MANAGER', ({ accessKey: accessKeyId }) => ({ accessKeyId }), 'NOT_FOUND', {
    ...{ throwAway: anAccessKey, selects: 'revokedAccessKeyId' },
  }),
  mutation('createAccessToken', 'MANAGER', (_ids, fresh) => ({ name: fresh, roles: ['READER'] }), 'OK', {
    selects: 'secret accessToken { id name }',
  }),
  mutation('createAccessToken', 'MANAGER', (_ids, fresh) => ({ name: fresh, roles: ['MANAGER'] }), 'OK', {
    ...{ what: 'with all rights', selects: 'secret accessToken { id name }' },
  }),
  mutation('createAccount', 'USER', (_ids, fresh) => ({ name: fresh }), 'OK', {
    machines: 'FORBIDDEN',
    selects: ACCOUNT,
  }),
  mutation('createApp', 'WRITER', (_ids, fresh) => ({ name: fresh }), 'OK', { selects: 'app { id name }' }),
  mutation('createBuild', 'WRITER', ({ app }) => ({ appId: app }), 'NOT_FOUND', {
    ...{ what: 'of an app', selects: 'build { id appName }' },
  }),
  mutation('createBuild', 'WRITER', ({ appName }) => ({ appName }), 'NOT_FOUND', {
    ...{ what: 'of an app by name', selects: 'build { id appName }' },
  }),
  mutation('createBuild', 'WRITER', () => ({}), 'OK', { what: 'of no app', selects: 'build { id }' }),
  mutation(
    'createRegistryCredential',
    'WRITER',
    (_ids, fresh) => ({ url: `${fresh}.example.com`, username: 'somebody', password: 'secret' }),
    'OK',
    { selects: 'registryCredential { id url }' },
  ),
  mutation('createSource', 'MANAGER', (_ids, fresh) => sourceInput(fresh), 'OK', { selects: 'source { id name }' }),
  mutation(
    'createUser',
    'MANAGER',
    (_ids, fresh) => ({ email: `${fresh}@example.com`, password: PASSWORD, roles: ['READER'] }),
    'OK',
    { selects: MEMBER },
  ),
  mutation('deleteAccount', 'USER', ({ account: accountId }) => ({ accountId }), 'NOT_FOUND', {
    ...{ needs: 'MANAGER', allowed: 'CONFLICT', selects: 'deletedAccountId' },
  }),
  mutation('deleteApp', 'WRITER', ({ app: appId }) => ({ appId }), 'NOT_FOUND', {
    ...{ throwAway: anApp, selects: 'deletedAppId' },
  }),
  mutation('deleteBuild', 'WRITER', ({ build: buildId }) => ({ buildId }), 'NOT_FOUND', {
    ...{ throwAway: aBuild, selects: 'deletedBuildId' },
  }),
  // The stranger is the last manager of its account.
  ownMutation('deleteOwnUser', 'CONFLICT', { machines: 'FORBIDDEN', endsUser: true, except: { user: 'OK' } }),
  mutation('deleteRegistryCredential', 'WRITER', ({ registry }) => ({ registryCredentialId: registry }), 'NOT_FOUND', {
    ...{ throwAway: aRegistry, selects: 'registryCredential { id url }' },
  }),
  mutation('deleteSource', 'MANAGER', ({ source: sourceId }) => ({ sourceId }), 'NOT_FOUND', {
    ...{ throwAway: aSource, selects: 'deletedSourceId' },
  }),
  mutation('deleteTask', 'WRITER', ({ doneTask: taskId }) => ({ taskId }), 'NOT_FOUND', {
    ...{ throwAway: aDoneTask, selects: 'deletedTaskId' },
  }),
  mutation('denyTask', 'MANAGER', ({ task: taskId }) => ({ taskId, reason: 'no' }), 'NOT_FOUND', {
    ...{ throwAway: aBuild, selects: 'task { id requester { id } }' },
  }),
  ownMutation('endSession', 'OK', { machines: 'OK', endsSession: true }),
  mutation('inviteUser', 'MANAGER', (_ids, fresh) => ({ email: `${fresh}@example.com`, roles: ['READER'] }), 'OK', {
    selects: MEMBER,
  }),
  ownMutation('refreshSession', 'OK', { machines: 'OK', selects: 'session { expiresAt tokenExpiresAt }' }),
  mutation('removeUser', 'READER', ({ user: userId }) => ({ userId }), 'NOT_FOUND', {
    ...{ what: 'somebody else', needs: 'MANAGER', throwAway: aMember, selects: MEMBER },
  }),
  mutation('reportDeployment', 'WRITER', ({ build, node }) => report(build, node), 'NOT_FOUND', {
    selects: 'deployment { id nodeName build { id } }',
  }),
  // One that was not converted here, so that no job is started.
  mutation('reproduceBuild', 'WRITER', ({ build: buildId }) => ({ buildId }), 'NOT_FOUND', {
    ...{ allowed: 'FEATURE_NOT_SUPPORTED', selects: 'job { id }' },
  }),
  mutation('retryJob', 'WRITER', ({ job: jobId }) => ({ jobId }), 'NOT_FOUND', {
    ...{ allowed: 'CONFLICT', selects: 'job { id }' },
  }),
  mutation('revokeAccessToken', 'MANAGER', ({ accessToken }) => ({ accessTokenId: accessToken }), 'NOT_FOUND', {
    ...{ throwAway: anAccessToken, selects: 'revokedAccessTokenId' },
  }),
  mutation('selectAccount', 'USER', ({ account: accountId }) => ({ accountId }), 'NOT_FOUND', {
    ...{ needs: 'READER', machines: 'OK', selects: ACCOUNT },
  }),
  mutation('syncSource', 'MANAGER', ({ source: sourceId }) => ({ sourceId }), 'NOT_FOUND', { selects: 'job { id }' }),
  mutation('updateAccount', 'USER', ({ account: accountId }) => ({ accountId, name: `${MARKER} again` }), 'NOT_FOUND', {
    ...{ needs: 'MANAGER', selects: ACCOUNT },
  }),
  mutation('updateApp', 'WRITER', ({ app: appId }) => ({ appId, description: `${MARKER} again` }), 'NOT_FOUND', {
    selects: 'app { id name description }',
  }),
  mutation('updateBuild', 'WRITER', ({ build: buildId }) => ({ buildId, configs: {} }), 'NOT_FOUND', {
    selects: 'build { id configs }',
  }),
  mutation(
    'updateRegistryCredential',
    'WRITER',
    ({ registry: registryCredentialId }) => ({ registryCredentialId, description: 'again' }),
    'NOT_FOUND',
    { selects: 'registryCredential { id url username }' },
  ),
  mutation('updateSource', 'MANAGER', ({ source: sourceId }) => ({ sourceId, region: 'any' }), 'NOT_FOUND', {
    selects: 'source { id name endpoint }',
  }),
  mutation('updateUser', 'USER', ({ user: userId }) => ({ userId, roles: ['READER'] }), 'NOT_FOUND', {
    ...{ what: "somebody else's rights", needs: 'MANAGER', selects: MEMBER },
  }),
  mutation('updateUser', 'USER', ({ user: userId }) => ({ userId, firstName: 'other' }), 'NOT_FOUND', {
    ...{ what: "somebody else's name", needs: 'MANAGER', allowed: 'FORBIDDEN', selects: MEMBER },
  }),
];

/** The same job for all who are allowed to: of an image that is not there, so that it ends soon. */
const conversion = (image: string, appId?: string) => ({
  ...{ appId, inputImage: { name: `${image}:none` } },
  idempotencyKey: `table ${appId ?? 'without'}`,
});

const report = (buildId: string, nodeId: string) => ({ buildId, nodeId, status: 'STOPPED' });
