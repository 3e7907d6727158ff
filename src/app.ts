// Composition root: the only file that news services. Everything else is handed what it needs.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { GraphQLSchema } from 'graphql';
import { CreateCatalog1790000000000 } from '../migrations/1790000000000-create-catalog.js';
import { App } from './apps/app.entity.js';
import { AppResolver } from './apps/app.resolver.js';
import { AppService } from './apps/app.service.js';
import { AccessToken } from './auth/access-token.entity.js';
import { Account } from './auth/account.entity.js';
import { ensureAdministrator, readAdministratorToken } from './auth/administrator.js';
import type { Principal } from './auth/principal.js';
import { tokenFrom, Tokens } from './auth/tokens.js';
import { User } from './auth/user.entity.js';
import { ViewerResolver } from './auth/viewer.resolver.js';
import { Build } from './builds/build.entity.js';
import { BuildQuery } from './builds/build.query.js';
import { BuildFieldsResolver, BuildResolver } from './builds/build.resolver.js';
import { BuildService } from './builds/build.service.js';
import { AppFieldsResolver, TaskSubjectResolver } from './builds/catalog-entry.js';
import { Measurement } from './builds/measurements.js';
import type { Config } from './config.js';
import { ConversionHandler } from './conversions/conversion-handler.js';
import { ConversionResolver } from './conversions/conversion.resolver.js';
import { ConversionService } from './conversions/conversion.service.js';
import { openDatabase } from './db/database.js';
import type { Database } from './db/database.js';
import { lockFolder } from './db/folder-lock.js';
import { CatalogLogHead, CatalogLogLine } from './events/catalog-log.entity.js';
import { JobEvent } from './events/job-event.entity.js';
import { JobEvents } from './events/job-events.js';
import { InProcessWaker } from './events/waker.js';
import { ccmFormat } from './formats/ccm/ccm-format.js';
import type { Format } from './formats/format.js';
import { startApollo } from './graphql/apollo.js';
import { createFormatError, toGraphQLError } from './graphql/errors.js';
import { NodeResolver } from './graphql/node.resolver.js';
import { createSchema } from './graphql/schema.js';
import { serveWebSocket } from './graphql/websocket.js';
import { CancelJob } from './jobs/cancel-job.js';
import { InProcessQueue } from './jobs/job-queue.js';
import { JobQuery } from './jobs/job.query.js';
import {
  BuildJobResolver,
  conversionStatusResolver,
  JobEventFieldsResolver,
  JobFieldsResolver,
  JobResolver,
} from './jobs/job.resolver.js';
import { JobService } from './jobs/job.service.js';
import { Job } from './jobs/job.entity.js';
import { Worker } from './jobs/worker.js';
import { CatalogError } from './lib/errors.js';
import type { Logger } from './lib/logger.js';
import { OwnNames } from './lib/own-names.js';
import { readOrCreatePrivateFile } from './lib/private-file.js';
import { Seal } from './lib/seal.js';
import { Shutdown } from './lib/shutdown.js';
import { Store } from './oci/store.js';
import { storeRoutes } from './oci/store-routes.js';
import { listen } from './server/http-server.js';
import type { ListeningServer } from './server/http-server.js';
import { startWebApp } from './server/web-app.js';
import { Task } from './tasks/task.entity.js';
import { TaskResolver } from './tasks/task.resolver.js';
import { TaskService } from './tasks/task.service.js';

export const ENTITIES = [
  Account,
  User,
  AccessToken,
  Task,
  App,
  Build,
  Measurement,
  Job,
  JobEvent,
  CatalogLogLine,
  CatalogLogHead,
];
export const MIGRATIONS = [CreateCatalog1790000000000];

export interface Gateway {
  /** What to open in a browser. */
  url: string;
  adminTokenFile: string;
  /** Hands running jobs back, lets requests finish, closes the database. */
  close(): Promise<void>;
}

export async function startGateway(config: Config, logger: Logger): Promise<Gateway> {
  const shutdown = new Shutdown();
  try {
    const adminTokenFile = join(config.dataDir, 'admin.token');
    await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
    shutdown.add(await lockFolder(config.dataDir));
    const listening = await listen(config.host, config.port);
    const database = await openCatalog(config.databaseUrl, adminTokenFile).catch(async (error: unknown) => {
      await listening.close();
      throw error;
    });
    // The other way round than they were opened: requests that are answered yet may still need the database.
    shutdown.add(() => database.close());
    shutdown.add(() => listening.close());

    const url = config.publicUrl ?? `http://localhost:${listening.port}`;
    const names = new OwnNames(new URL(url).host, [`127.0.0.1:${listening.port}`]);
    const services = createServices(config, database, names, logger);
    await startWork(services, shutdown);
    await serve(services, listening, logger, shutdown);
    return { url, adminTokenFile, close: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

async function openCatalog(url: string, adminTokenFile: string): Promise<Database> {
  const database = await openDatabase({ url, entities: ENTITIES, migrations: MIGRATIONS });
  try {
    const adminToken = readAdministratorToken(adminTokenFile);
    await database.inTransaction((tx) => ensureAdministrator(tx, adminToken));
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function serve(
  services: Services,
  listening: ListeningServer,
  logger: Logger,
  shutdown: Shutdown,
): Promise<void> {
  const { tokens, reader } = services;
  const schema = createSchema(createResolvers(services));
  const formatError = createFormatError(logger);
  const apollo = await startApollo(schema, formatError, logger);
  shutdown.add(() => apollo.stop());
  const formats = createFormats({ ...services, stopping: shutdown.signal });
  const groups = [...formats.map((format) => format.routes), services.storeRoutes];
  const checkReady = async () => void (await reader.query('SELECT 1'));
  const fastify = await startWebApp({ listening, apollo, toGraphQLError, logger, tokens, groups, checkReady });
  shutdown.add(() => fastify.close());
  const authenticate = (payload: Record<string, unknown>) => authenticateSocket(tokens, payload);
  shutdown.add(serveWebSocket(listening.server, { schema, formatError, authenticate, logger }));
}

type Services = ReturnType<typeof createServices>;

function createServices(config: Config, database: Database, names: OwnNames, logger: Logger) {
  const { reader, inTransaction } = database;
  const waker = new InProcessWaker();
  const seal = new Seal(config.secretsKey ?? readSecretsKey(config.dataDir));
  const jobEvents = new JobEvents(reader, waker);
  const tokens = new Tokens(reader);
  const tasks = new TaskService(reader);
  const apps = new AppService(reader);
  const buildQuery = new BuildQuery(reader, names);
  const builds = new BuildService(apps, tasks, names);
  const jobs = new JobService(jobEvents, seal);
  const jobQuery = new JobQuery(reader, names);
  const storeDir = join(config.dataDir, 'store');
  const spoolDir = join(config.dataDir, 'spool');
  const store = new Store(storeDir);
  const { nitroBlobsDir: blobsDir, upstreamAllow, childEnvironment: environment } = config;
  const timeoutMs = CONVERSION_TIMEOUT_MS;
  const settings = { storeDir, spoolDir, blobsDir, upstreamAllow, environment, timeoutMs };
  const worker = new Worker(jobs, [new ConversionHandler(settings, store, apps, builds)], inTransaction, logger);
  const queue = new InProcessQueue(worker.work, config.jobConcurrency);
  const cancelJob = new CancelJob(jobs, worker, inTransaction);
  const conversions = new ConversionService({ apps, jobs, queue, inTransaction }, names, blobsDir);
  const catalog = { tasks, apps, builds, buildQuery };
  const work = { jobs, jobQuery, jobEvents, worker, queue, cancelJob, conversions };
  const stored = { store, spoolDir, storeRoutes: storeRoutes<Principal>(store, ({ accountId }) => accountId) };
  return { reader, inTransaction, tokens, ...catalog, ...work, ...stored };
}

const createFormats = (services: Services & { stopping: AbortSignal }): Format[] => [ccmFormat(services)];

function createResolvers(services: Services) {
  const { reader, inTransaction, tasks, apps, builds, buildQuery, jobQuery, jobEvents } = services;
  return [
    new NodeResolver([buildQuery, apps, tasks, jobQuery]),
    new ViewerResolver(reader),
    new TaskResolver(tasks),
    new TaskSubjectResolver(buildQuery, apps),
    new AppResolver(apps, inTransaction),
    new AppFieldsResolver(tasks),
    new BuildResolver(buildQuery, builds, inTransaction),
    new BuildFieldsResolver(apps, tasks),
    new BuildJobResolver(jobQuery),
    new JobResolver(jobQuery, services.cancelJob),
    new JobFieldsResolver(buildQuery, jobEvents),
    new JobEventFieldsResolver(buildQuery),
    new ConversionResolver(services.conversions, jobQuery),
    conversionStatusResolver(jobQuery, jobEvents),
  ];
}

/** The schema alone, for printing it: nothing behind it works. */
export const describeSchema = (): GraphQLSchema => createSchema(createResolvers({} as Services));

/** Clears what a process that died left behind and takes over its jobs. */
async function startWork(services: Services, shutdown: Shutdown): Promise<void> {
  const { worker, queue, jobs, reader, store, spoolDir } = services;
  await mkdir(spoolDir, { recursive: true });
  // Its content only: the folder itself may be a volume of its own.
  for (const name of await readdir(spoolDir)) await rm(join(spoolDir, name), { recursive: true, force: true });
  await store.cleanTemporary();
  const enqueue = (jobIds: string[]) => jobIds.forEach((jobId) => queue.add(jobId));
  enqueue(await worker.recover());
  // A job whose COMMIT was durable but never acknowledged was not queued; a database that is away is met next time.
  const sweep = setInterval(() => void jobs.listQueued(reader).then(enqueue, () => undefined), SWEEP_MS);
  // At once, not when its turn comes: a client that is slow to go must not keep jobs from being handed back.
  shutdown.signal.addEventListener('abort', () => {
    clearInterval(sweep);
    worker.stopAll();
  });
  shutdown.add(() => queue.close());
}

const SWEEP_MS = 30_000;
const CONVERSION_TIMEOUT_MS = 2 * 60 * 60 * 1000;

function authenticateSocket(tokens: Tokens, payload: Record<string, unknown>): Promise<Principal> {
  const texts = Object.entries(payload).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const token = tokenFrom(Object.fromEntries(texts.map(([name, text]) => [name.toLowerCase(), text])));
  if (token === undefined) throw new CatalogError('UNAUTHENTICATED', 'connection_init must bring an Authorization.');
  return tokens.authenticate(token);
}

function readSecretsKey(dataDir: string): Buffer {
  const file = join(dataDir, 'secrets.key');
  const text = readOrCreatePrivateFile(file, () => randomBytes(32).toString('hex'));
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new Error(`${file} must hold 64 hex digits: restore it, or set SECRETS_KEY`);
  return Buffer.from(text, 'hex');
}
