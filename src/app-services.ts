// Half of the composition root: every service, handed what it needs.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { EntityManager } from 'typeorm';
import { AppService } from './apps/app.service.js';
import { AccessTokenService } from './auth/access-token.service.js';
import { AccountService } from './auth/account.service.js';
import { ExternalUsers } from './auth/external-users.js';
import { ChangePassword } from './auth/change-password.js';
import { RightsChanges } from './auth/rights-changes.js';
import { MemberQuery } from './auth/member.query.js';
import { Oidc } from './auth/oidc.js';
import { hasRole, Role } from './auth/principal.js';
import type { Caller, Principal } from './auth/principal.js';
import { SessionService } from './auth/session.service.js';
import { SignIns } from './auth/sign-ins.js';
import { Tokens } from './auth/tokens.js';
import { UserService } from './auth/user.service.js';
import { Approvals } from './builds/approvals.js';
import { BuildQuery } from './builds/build.query.js';
import { BuildService } from './builds/build.service.js';
import { DeleteApp } from './builds/delete-app.js';
import type { Config } from './config.js';
import { ConversionHandler } from './conversions/conversion-handler.js';
import { ConversionService } from './conversions/conversion.service.js';
import { BuildDiffs } from './conversions/build-diff.js';
import { readGatewaySigner } from './conversions/gateway-signer.js';
import { JobChild } from './conversions/job-child.js';
import type { ConversionSettings } from './conversions/job-child.js';
import { PushedBuilds } from './conversions/pushed-build.js';
import { RecipeQuery } from './conversions/recipe.query.js';
import { ReproductionHandler } from './conversions/reproduction-handler.js';
import { ReproductionService } from './conversions/reproduction.service.js';
import { EifFiles } from './conversions/eif-file.js';
import { eifRoutes } from './conversions/eif-routes.js';
import { RegistryCredentialService } from './credentials/registry-credential.service.js';
import type { Database } from './db/database.js';
import { DeploymentQuery } from './deployments/deployment.query.js';
import { DeploymentService } from './deployments/deployment.service.js';
import { NodeQuery } from './deployments/node.query.js';
import { JobEvents } from './events/job-events.js';
import { InProcessWaker } from './events/waker.js';
import type { Waker } from './events/waker.js';
import { CancelJob } from './jobs/cancel-job.js';
import { DeleteBuild } from './jobs/delete-build.js';
import { InProcessQueue } from './jobs/job-queue.js';
import { JobQuery } from './jobs/job.query.js';
import { JobService } from './jobs/job.service.js';
import { Worker } from './jobs/worker.js';
import type { Logger } from './lib/logger.js';
import type { OwnNames } from './lib/own-names.js';
import { packageVersion } from './lib/package-root.js';
import { readOrCreatePrivateFile } from './lib/private-file.js';
import { Seal } from './lib/seal.js';
import { Upstream } from './lib/upstream.js';
import { parseReference } from './oci/reference.js';
import { storeRoutes } from './oci/store-routes.js';
import { Store } from './oci/store.js';
import { TaskService } from './tasks/task.service.js';

const MIB = 1024 * 1024;

export type Services = ReturnType<typeof createServices>;

export function createServices(config: Config, database: Database, names: OwnNames, logger: Logger) {
  const { reader, inTransaction } = database;
  const waker = new InProcessWaker();
  const seal = createSeal(config);
  const jobEvents = new JobEvents(reader, waker);
  const auth = createAuth(config, database, waker);
  const tasks = new TaskService(reader);
  const apps = new AppService(reader, tasks);
  const buildQuery = new BuildQuery(reader, names);
  const builds = new BuildService(apps, tasks, names, config);
  const approvals = new Approvals(tasks, builds, apps, config);
  const deleteApp = new DeleteApp(apps, builds);
  const logins = new RegistryCredentialService(reader, seal, parseReference);
  const jobs = new JobService(jobEvents, seal);
  const deleteBuild = new DeleteBuild(jobs, builds);
  const jobQuery = new JobQuery(reader, names);
  const settings = conversionSettings(config);
  const store = new Store(settings.storeDir, { quotaBytes: config.storeQuotaMib * MIB });
  const child = new JobChild(settings, store);
  const handlers = [
    new ConversionHandler(child, { apps, builds, logins, names }),
    new ReproductionHandler(child, logins),
  ];
  const worker = new Worker(jobs, handlers, inTransaction, logger);
  const eifs = new EifFiles(store, names);
  const queue = new InProcessQueue(worker.work, config.jobConcurrency);
  const cancelJob = new CancelJob(jobs, worker, inTransaction);
  const defaults = { names, canSign: settings.signer !== undefined };
  const conversions = new ConversionService({ apps, jobs, queue, inTransaction }, defaults, settings.blobsDir);
  const recipes = new RecipeQuery(reader);
  const pushed = new PushedBuilds(buildQuery, jobQuery, recipes);
  const reproductions = new ReproductionService(pushed, jobs, queue, inTransaction);
  const buildDiffs = new BuildDiffs(pushed, child, logins);
  const catalog = { tasks, apps, builds, buildQuery, approvals, deleteApp, deleteBuild };
  const work = { jobs, jobQuery, jobEvents, worker, queue, cancelJob, conversions, reproductions, recipes, buildDiffs };
  return {
    ...{ reader, inTransaction, ...factsOf(config), ...auth, ...catalog, logins, ...createDeployments(reader, builds) },
    ...{ ...work, store, spoolDir: settings.spoolDir },
    ...{ eifs, url: config.publicUrl ?? `http://${names.host}` },
    storeRoutes: storeRoutes<Principal>(store, storeCallerOf),
    eifRoutes: eifRoutes<Caller>(buildQuery, eifs),
  };
}

const storeCallerOf = (principal: Principal) => ({
  accountId: principal.accountId,
  mayPush: hasRole(principal, Role.WRITER),
});

/** What of the configuration dialects show or go by. */
const factsOf = ({ isSignUpOpen, publicUrl, trustedProxies }: Config) => ({
  ...{ isSignUpOpen, trustedProxies },
  isPublicUrlSecure: publicUrl?.startsWith('https:') ?? false,
  version: packageVersion,
});

function conversionSettings(config: Config): ConversionSettings {
  const { dataDir, nitroBlobsDir: blobsDir, upstream, childEnvironment: environment, signing } = config;
  const [storeDir, spoolDir, cacheDir] = ['store', 'spool', 'cache'].map((name) => join(dataDir, name));
  const limits = { cacheBytes: config.layerCacheMib * MIB, timeoutMs: config.jobTimeoutMinutes * 60_000 };
  const folders = { storeDir: storeDir!, spoolDir: spoolDir!, cacheDir: cacheDir!, blobsDir };
  return { ...folders, ...limits, upstream, environment, signer: signing && gatewaySigner(signing) };
}

function gatewaySigner(files: NonNullable<Config['signing']>): ReturnType<typeof readGatewaySigner> {
  try {
    return readGatewaySigner(files);
  } catch (error) {
    throw new Error(`SIGNING_KEY_FILE, SIGNING_CERTIFICATE_FILE: ${(error as Error).message}`);
  }
}

function createAuth(config: Config, { reader, inTransaction }: Database, waker: Waker) {
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
