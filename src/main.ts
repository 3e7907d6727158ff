// Reads the environment, starts the gateway, and stops it on SIGTERM and SIGINT.
import 'reflect-metadata';
import { startGateway } from './app.js';
import { readConfig } from './config.js';
import { createLogger } from './lib/logger.js';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = createLogger(config.logLevel);
  const gateway = await startGateway(config, logger);
  process.stdout.write(
    `The build catalog is at ${gateway.url}\nIts administrator's token is in ${gateway.adminTokenFile}\n`,
  );

  let isStopping = false;
  const stop = (signal: string) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    logger.info({ signal }, 'stopping; running jobs are handed back');
    gateway.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`The gateway could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
