// A third of the composition root: every service but those of conversions, handed what it needs.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { EntityManager } from 'typeorm';
import { createConversions } from './app-conversions.js';
import type { CatalogServices, Surroundings } from './app-conversions.js';
import { createImages } from './app-images.js';
import type { ImageCatalog } from './app-images.js';
import { createSources, createSyncs } from './app-sources.js';
import { AppService } from './apps/app.service.js';
import { AccessTokenService } from './auth/access-token.service.js';
import { AccountService } from './auth/account.service.js';
import { ExternalUsers } from './auth/external-users.js';
import { ChangePassword } from './auth/change-password.js';
import { RightsChanges } from './auth/rights-changes.js';
import { MemberQuery } from './auth/member.query.js';
import { Oidc } from './auth/oidc.js';
import { SessionService } from './auth/session.service.js';
import { SignIns } from './auth/sign-ins.js';
import { Tokens } from './auth/tokens.js';
import { UserService } from './auth/user.service.js';
import { Approvals } from './builds/approvals.js';
import { BuildQuery } from './builds/build.query.js';
import { BuildService } from './builds/build.service.js';
import { OriginGroupQuery } from './builds/origin-groups.query.js';
import { OriginQuery } from './builds/origin.query.js';
import { OriginService } from './builds/origin.service.js';
import { DeleteApp } from './builds/delete-app.js';
import type { Config } from './config.js';
import { AccessKeyQuery } from './credentials/access-key.query.js';
import { AccessKeyService } from './credentials/access-key.service.js';
import { RegistryCredentialService } from './credentials/registry-credential.service.js';
import type { Database } from './db/database.js';
import { DeploymentQuery } from './deployments/deployment.query.js';
import { DeploymentService } from './deployments/deployment.service.js';
import { NodeQuery } from './deployments/node.query.js';
import { CatalogChanges } from './events/catalog-changes.js';
import { PruneCatalogLog } from './events/prune-catalog-log.js';
import { JobEvents } from './events/job-events.js';
import type { Waker } from './events/waker.js';
import { DeleteBuild } from './jobs/delete-build.js';
import { JobQuery } from './jobs/job.query.js';
import { JobService } from './jobs/job.service.js';
import type { Logger } from './lib/logger.js';
import type { OwnNames } from './lib/own-names.js';
import { packageVersion } from './lib/package-root.js';
import { readOrCreatePrivateFile } from './lib/private-file.js';
import { Seal } from './lib/seal.js';
import { Upstream } from './lib/upstream.js';
import { parseReference } from './oci/reference.js';
import { TaskService } from './tasks/task.service.js';

export type Services = ReturnType<typeof createServices>;

/** The database, and what wakes who waits for news of it. */
export type WakingDatabase = Database & { waker: Waker };

export function createServices(config: Config, database: WakingDatabase, names: OwnNames, logger: Logger) {
  const { reader, inTransaction, waker } = database;
  const seal = createSeal(config);
  const jobEvents = new JobEvents(reader, waker);
  const log = {
    catalogChanges: new CatalogChanges(reader, waker),
    pruneLog: new PruneCatalogLog(reader, inTransaction, config),
  };
  const auth = createAuth(config, database);
  const tasks = new TaskService(reader);
  const apps = new AppService(reader, tasks);
  const buildQuery = new BuildQuery(reader, names);
  const builds = new BuildService(apps, tasks, names, config);
  const origins = createOrigins(reader, builds);
  const approvals = new Approvals(tasks, builds, apps, config);
  const deleteApp = new DeleteApp(apps, builds);
  const credentials = createCredentials(database, seal, auth.rights);
  const { logins } = credentials;
  const jobs = new JobService(jobEvents, seal);
  const deleteBuild = new DeleteBuild(jobs, builds);
  const jobQuery = new JobQuery(reader, names);
  const surroundings = { config, names, inTransaction, logger };
  const made = { reader, apps, builds, buildQuery, ...origins, deleteBuild, jobs, jobQuery, logins, seal };
  const work = createWork(surroundings, { ...made, approvals });
  const catalog = { tasks, apps, builds, buildQuery, approvals, deleteApp, deleteBuild };
  return {
    ...{ reader, inTransaction, ...factsOf(config), ...auth, ...catalog, ...origins, ...credentials },
    ...{ ...work, ...createDeployments(reader, builds), jobs, jobQuery, jobEvents, ...log },
    url: config.publicUrl ?? `http://${names.host}`,
  };
}

/** What works on jobs: conversions, images, imports. */
function createWork(surroundings: Surroundings, catalog: WorkingCatalog) {
  const { config, inTransaction, logger } = surroundings;
  const imported = { ...catalog, inTransaction };
  const images = createImages(surroundings, catalog);
  const sources = createSources(config, imported, catalog.seal);
  const work = createConversions(surroundings, catalog, (workshop) => [
    ...images.handlers(workshop),
    ...sources.sourceHandlers,
  ]);
  const syncs = createSyncs(sources, imported, { ...work, approvals: catalog.approvals }, logger);
  return { ...work, ...images.services, cycleTasks: images.tasks(work.queue), ...sources, ...syncs };
}

type WorkingCatalog = CatalogServices & ImageCatalog & { approvals: Approvals };

/** What of the configuration dialects show or go by. */
const factsOf = ({ isSignUpOpen, publicUrl, trustedProxies }: Config) => ({
  ...{ isSignUpOpen, trustedProxies },
  isPublicUrlSecure: publicUrl?.startsWith('https:') ?? false,
  version: packageVersion,
});

function createAuth(config: Config, { reader, inTransaction, waker }: WakingDatabase) {
  const { oidc: issuer, upstream, isSignUpOpen } = config;
  const rights = new RightsChanges(waker);
  const signIns = new SignIns(reader);
  const oidc = issuer && new Oidc(issuer, new Upstream(upstream));
  const externalUsers = oidc && new ExternalUsers(oidc, signIns, reader, inTransaction);
  const tokens = new Tokens(reader, inTransaction, externalUsers);
  const sessions = new SessionService(reader, inTransaction, signIns, rights);
  const passwords = new ChangePassword(reader, inTransaction, signIns, rights);
  const people = { users: new UserService(reader, rights), members: new MemberQuery(reader), passwords };
  const accounts = new AccountService(reader, isSignUpOpen);
  const accessTokens = new AccessTokenService(reader, rights);
  return { rights, tokens, signIns, externalUsers, sessions, ...people, accounts, accessTokens };
}

function createCredentials({ reader, inTransaction }: Database, seal: Seal, rights: RightsChanges) {
  const logins = new RegistryCredentialService(reader, seal, parseReference);
  const accessKeyQuery = new AccessKeyQuery(reader, seal, inTransaction);
  return { logins, accessKeys: new AccessKeyService(seal, rights), accessKeyQuery };
}

const createOrigins = (reader: EntityManager, builds: BuildService) => ({
  origins: new OriginService(builds),
  originQuery: new OriginQuery(reader),
  originGroups: new OriginGroupQuery(reader),
});

function createDeployments(reader: EntityManager, builds: BuildService) {
  const deploymentQuery = new DeploymentQuery(reader);
  const nodes = new NodeQuery(reader, deploymentQuery);
  return { deployments: new DeploymentService(builds), deploymentQuery, nodes };
}

function createSeal({ secretsKey, previousSecretsKey, dataDir }: Config): Seal {
  return new Seal(secretsKey ?? readSecretsKey(dataDir), ...(previousSecretsKey ? [previousSecretsKey] : []));
}

function readSecretsKey(dataDir: string): Buffer {
  const file = join(dataDir, 'secrets.key');
  const text = readOrCreatePrivateFile(file, () => randomBytes(32).toString('hex'));
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new Error(`${file} must hold 64 hex digits: restore it, or set SECRETS_KEY`);
  return Buffer.from(text, 'hex');
}
