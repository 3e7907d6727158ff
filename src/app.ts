// Composition root: starts everything and stops it the other way round. What there is to start is made in
// app-services.ts, app-conversions.ts and app-resolvers.ts, the only files that new services; everything else is
// handed what it needs.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openCatalog } from './app-database.js';
import { createResolvers } from './app-resolvers.js';
import { createServices } from './app-services.js';
import type { Services } from './app-services.js';
import type { Caller } from './auth/principal.js';
import { tokenFrom } from './auth/request-token.js';
import type { Tokens } from './auth/tokens.js';
import type { Config } from './config.js';
import { lockFolder } from './db/folder-lock.js';
import { ccmFormat } from './formats/ccm/ccm-format.js';
import { pruneRegularly } from './events/prune-regularly.js';
import { InProcessWaker } from './events/waker.js';
import { cycleFormat } from './formats/cycle/cycle-format.js';
import type { Format } from './formats/format.js';
import { imageBuilderFormat } from './formats/image-builder/image-builder-format.js';
import { startApollo } from './graphql/apollo.js';
import { createFormatError, toGraphQLError } from './graphql/errors.js';
import { createSchema } from './graphql/schema.js';
import { serveWebSocket } from './graphql/websocket.js';
import type { QueuedJob } from './jobs/job-queue.js';
import { CatalogError } from './lib/errors.js';
import type { Logger } from './lib/logger.js';
import { OwnNames } from './lib/own-names.js';
import { Shutdown } from './lib/shutdown.js';
import { collectRegularly } from './oci/collect-regularly.js';
import { listen } from './server/http-server.js';
import type { ListeningServer } from './server/http-server.js';
import { startWebApp } from './server/web-app.js';

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
    const waker = new InProcessWaker();
    const wake = (topic: string) => waker.wake(topic);
    const database = await openCatalog(config.databaseUrl, adminTokenFile, wake).catch(async (error: unknown) => {
      await listening.close();
      throw error;
    });
    // The other way round than they were opened: requests that are answered yet may still need the database.
    shutdown.add(() => database.close());
    shutdown.add(() => listening.close());

    const url = config.publicUrl ?? `http://localhost:${listening.port}`;
    const names = new OwnNames(new URL(url).host, [`127.0.0.1:${listening.port}`]);
    const services = createServices(config, { ...database, waker }, names, logger);
    if (config.previousSecretsKey) await sealAnew(services, logger);
    await services.configureSources();
    await startWork(services, shutdown);
    shutdown.add(collectRegularly(services.store, logger));
    shutdown.add(pruneRegularly(services.pruneLog, logger));
    await serve(services, listening, logger, shutdown);
    const stopSchedule = services.syncSchedule.start();
    shutdown.signal.addEventListener('abort', stopSchedule);
    return { url, adminTokenFile, close: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
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
  const groups = [...formats.map((format) => format.routes), services.storeRoutes, services.eifRoutes];
  const openApi = Object.fromEntries(formats.map((format) => [format.name, format.openApi]));
  const checkReady = async () => void (await reader.query('SELECT 1'));
  const fastify = await startWebApp({
    ...{ listening, apollo, toGraphQLError, logger, tokens, groups, openApi, checkReady },
    trustedProxies: services.trustedProxies,
  });
  shutdown.add(() => fastify.close());
  const authenticate = (payload: Record<string, unknown>, address: string) =>
    authenticateSocket(tokens, payload, address);
  const { rights } = services;
  shutdown.add(serveWebSocket(listening.server, { schema, formatError, authenticate, rights, logger }));
}

/** Clears what a process that died left behind and takes over its jobs. */
async function startWork(services: Services, shutdown: Shutdown): Promise<void> {
  const { worker, queue, jobs, buildDiffs, reader, store, spoolDir, signIns, inTransaction } = services;
  await inTransaction((tx) => signIns.prune(tx));
  await mkdir(spoolDir, { recursive: true });
  // Its content only: the folder itself may be a volume of its own.
  for (const name of await readdir(spoolDir)) await rm(join(spoolDir, name), { recursive: true, force: true });
  await store.cleanTemporary();
  const enqueue = (waiting: QueuedJob[]) => waiting.forEach((job) => queue.add(job));
  enqueue(await worker.recover());
  // A job whose COMMIT was durable but never acknowledged was not queued; a database that is away is met next time.
  const sweepOnce = async () => {
    await inTransaction((tx) => jobs.expireWaiting(tx, new Date()));
    enqueue(await jobs.listQueued(reader));
  };
  const sweep = setInterval(() => void sweepOnce().catch(() => undefined), SWEEP_MS);
  // At once, not when its turn comes: a client that is slow to go must not keep jobs from being handed back.
  shutdown.signal.addEventListener('abort', () => {
    clearInterval(sweep);
    worker.stopAll();
    buildDiffs.stop();
  });
  shutdown.add(() => queue.close());
}

const SWEEP_MS = 30_000;

const createFormats = (services: Services & { stopping: AbortSignal }): Format[] => [
  ccmFormat(services),
  cycleFormat(services),
  imageBuilderFormat(services),
];

function authenticateSocket(tokens: Tokens, payload: Record<string, unknown>, address: string): Promise<Caller> {
  const texts = Object.entries(payload).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const token = tokenFrom(Object.fromEntries(texts.map(([name, text]) => [name.toLowerCase(), text])));
  if (token === undefined) throw new CatalogError('UNAUTHENTICATED', 'connection_init must bring an Authorization.');
  return tokens.authenticate(token, address);
}

/** After this the former key is needed no more, unless something could not be read with it either. */
async function sealAnew(services: Services, logger: Logger): Promise<void> {
  const { logins, accessKeys, imageSources, sources, inTransaction } = services;
  const stored = {
    'registry logins': logins,
    'access keys': accessKeys,
    'logins of image sources': imageSources,
    'credentials of sources': sources,
  };
  for (const [what, secrets] of Object.entries(stored)) {
    const counts = await inTransaction((tx) => secrets.sealAnew(tx));
    if (counts.unreadable === 0) logger.info(counts, `stored ${what} are sealed with SECRETS_KEY`);
    else logger.warn(counts, `some stored ${what} can be read neither with SECRETS_KEY nor with the previous one`);
  }
}
