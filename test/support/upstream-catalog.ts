// A gateway that others import from, with as many builds of each kind as a test wants.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { openCatalog } from '../../src/app-database.js';
import { AppService } from '../../src/apps/app.service.js';
import { Account } from '../../src/auth/account.entity.js';
import { Role } from '../../src/auth/principal.js';
import type { Principal } from '../../src/auth/principal.js';
import { BuildService } from '../../src/builds/build.service.js';
import { OriginService } from '../../src/builds/origin.service.js';
import type { OriginDraft } from '../../src/builds/origin.service.js';
import { toOriginDraft as fromCycle } from '../../src/formats/cycle/origin-codec.js';
import { toOriginDraft as fromImageBuilder } from '../../src/formats/image-builder/origin-codec.js';
import type { InTransaction } from '../../src/lib/transaction.js';
import { OwnNames } from '../../src/lib/own-names.js';
import { TaskService } from '../../src/tasks/task.service.js';
import { temporaryFolder } from './folders.js';
import { startTestGateway } from './gateway.js';
import type { TestGateway } from './gateway.js';

const AT_ONCE = 200;
const ACTOR = { type: 'SYSTEM', id: null, name: 'seed' } as const;
const BUILDS_OF_VERSION = 5;

export interface UpstreamCatalog extends TestGateway {
  accountId: string;
  hubId: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** How many builds of each kind; there is an app for every ten builds of CCM, whose lists have those of all kinds. */
export interface Counts {
  ccm?: number;
  cycle?: number;
  imageBuilder?: number;
}

export async function startUpstreamCatalog(counts: Counts): Promise<UpstreamCatalog> {
  const dataDir = temporaryFolder();
  const { id: accountId, hubId } = await seed(dataDir, counts);
  const gateway = await startTestGateway({ DATA_DIR: dataDir });
  const { body } = await gateway.send(
    'mutation { createAwsAccessKey(input: { name: "import", roles: [WRITER] }) { awsAccessKey { accessKeyId } secretAccessKey } }',
  );
  const { awsAccessKey, secretAccessKey } = body.data.createAwsAccessKey;
  return { ...gateway, accountId, hubId, accessKeyId: awsAccessKey.accessKeyId, secretAccessKey };
}

async function seed(dataDir: string, { ccm = 0, cycle = 0, imageBuilder = 0 }: Counts): Promise<Account> {
  const database = await openCatalog(join(dataDir, 'catalog.sqlite'), join(dataDir, 'admin.token'));
  const { reader, inTransaction } = database;
  const account = (await reader.find(Account))[0]!;
  const principal = { accountId: account.id, userId: null, tokenId: randomUUID(), name: 'seed', role: Role.MANAGER };
  const tasks = new TaskService(reader);
  const apps = new AppService(reader, tasks);
  const builds = new BuildService(apps, tasks, new OwnNames('localhost:1', []), { uniqueMrenclave: true });
  await seedCcm({ inTransaction, apps, builds }, principal, ccm);
  const origins = new OriginService(builds);
  const upsert = (count: number, draft: (index: number) => OriginDraft) =>
    inSlices(inTransaction, count, (tx, index) => origins.upsert(tx, account.id, draft(index), { actor: ACTOR }));
  await upsert(cycle, (index) => ({
    ...fromCycle(cycleImage(index, account.hubId)),
    sourceKey: 'served',
    listHash: '',
  }));
  await upsert(imageBuilder, (index) => ({
    ...fromImageBuilder(imageBuilderImage(index, account.awsAccountId)),
    ...{ sourceKey: 'served', listHash: '' },
  }));
  await database.close();
  return account;
}

async function seedCcm(
  { inTransaction, apps, builds }: { inTransaction: InTransaction; apps: AppService; builds: BuildService },
  principal: Principal,
  count: number,
): Promise<void> {
  const made: string[] = [];
  await inSlices(inTransaction, Math.ceil(count / 10), async (tx, index) => {
    const { id } = await apps.create(tx, principal, {
      ...{
        name: `app ${index}`,
        inputImageName: 'acme/in',
        outputImageName: 'acme/out',
        labels: { number: `${index}` },
      },
    });
    made.push(id);
  });
  await inSlices(inTransaction, count, async (tx, index) => {
    await builds.create(tx, principal, {
      appId: made[index % made.length],
      dockerInfo: { dockerImageName: `acme/app-${index}`, dockerVersion: '1', dockerImageSha: hex(index, 64) },
      ...{ mrenclave: hex(index, 64), mrsigner: hex(7, 64), isvprodid: 1, isvsvn: 2, memSizeMb: 2048, threads: 4 },
    });
  });
}

type Work = (tx: Parameters<Parameters<InTransaction>[0]>[0], index: number) => Promise<unknown>;

async function inSlices(inTransaction: InTransaction, count: number, work: Work): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE)
    await inTransaction(async (tx) => {
      for (let index = from; index < Math.min(count, from + AT_ONCE); index++) await work(tx, index);
    });
}

export const hex = (number: number, length: number): string => number.toString(16).padStart(length, '0');

const cycleId = (index: number): string => `65${hex(index, 22)}`;

export const cycleImage = (index: number, hubId: string) => ({
  ...{ id: cycleId(index), hub_id: hubId, name: `image ${index}`, size: 1024 * 1024 * 3 },
  backend: { provider: 'oci', size: 1, file_name: 'x', file_id: 'y' },
  requires: { nvidia_gpu: false },
  config: {
    ...{ user: '', env: { A: '1' }, labels: {}, command: ['run'], entrypoint: [], volumes: [], workdir: '/' },
    ...{ signal_stop: 'SIGTERM', ports: [{ host: 80, container: 8080, type: 'tcp' }] },
  },
  state: { current: 'live', changed: '2026-01-02T03:04:05Z' },
  source: {
    type: 'direct',
    details: { id: '64'.padEnd(24, '0'), origin: { type: 'docker-hub', details: { target: `acme/image-${index}:1` } } },
  },
  creator: { id: '63'.padEnd(24, '0'), type: 'account' },
  events: { created: '2026-01-02T03:04:05Z', updated: '2026-01-02T03:04:05Z', deleted: '0001-01-01T00:00:00Z' },
});

export const imageArn = (index: number, account: string): string => {
  const version = Math.floor(index / BUILDS_OF_VERSION);
  return `arn:aws:imagebuilder:eu-west-1:${account}:image/image-${version}/1.0.0/${(index % BUILDS_OF_VERSION) + 1}`;
};

export const imageBuilderImage = (index: number, account: string) => ({
  requestId: randomUUID(),
  image: {
    arn: imageArn(index, account),
    ...{
      type: 'AMI',
      name: `image-${Math.floor(index / BUILDS_OF_VERSION)}`,
      platform: 'Linux',
      osVersion: 'Ubuntu 24',
    },
    version: `1.0.0/${(index % BUILDS_OF_VERSION) + 1}`,
    state: { status: 'AVAILABLE' },
    dateCreated: '2026-02-03T04:05:06.789Z',
    deprecationTime: 1_900_000_000,
    imageRecipe: { name: 'recipe', amiWatermarks: ['newer than any client'], unheardOf: { of: [1, null, 'x'] } },
    outputResources: { amis: [{ region: 'eu-west-1', image: `ami-${hex(index, 17)}` }] },
    tags: {},
  },
});
