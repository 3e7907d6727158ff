// Jobs of images that end in every other way than they should: no state may outlive its job, no bytes their image, and
// no image its bytes.
import { randomBytes } from 'node:crypto';
import type { Principal } from '../../../src/auth/principal.js';
import { OriginQuery } from '../../../src/builds/origin.query.js';
import { OriginService } from '../../../src/builds/origin.service.js';
import { writeSampleImage } from '../../../src/demo/sample-image.js';
import { CycleImages, toServed } from '../../../src/formats/cycle/cycle-images.js';
import type { ServedImage } from '../../../src/formats/cycle/cycle-images.js';
import { CycleTasks } from '../../../src/formats/cycle/cycle-tasks.js';
import { DeleteHandler } from '../../../src/formats/cycle/delete-handler.js';
import { imported } from '../../../src/formats/cycle/image-document.js';
import { ImageJobEnds } from '../../../src/formats/cycle/image-job-ends.js';
import { ImageRemoval } from '../../../src/formats/cycle/image-removal.js';
import { PruneHandler } from '../../../src/formats/cycle/prune-handler.js';
import { ImageSourceService } from '../../../src/image-sources/image-source.service.js';
import { DeploymentState } from '../../../src/deployments/deployment.entity.js';
import { DeploymentService } from '../../../src/deployments/deployment.service.js';
import { Job } from '../../../src/jobs/job.entity.js';
import { Worker } from '../../../src/jobs/worker.js';
import { newHexId, newId } from '../../../src/lib/ids.js';
import { OwnNames } from '../../../src/lib/own-names.js';
import { Seal } from '../../../src/lib/seal.js';
import type { Transaction } from '../../../src/lib/transaction.js';
import { Store } from '../../../src/oci/store.js';
import { setUpCatalog } from '../../builds/catalog-setup.js';
import type { CatalogSetup } from '../../builds/catalog-setup.js';
import { capturedLogger } from '../../lib/captured-logger.js';
import { onEachDatabase } from '../../support/databases.js';
import { temporaryFolder } from '../../support/folders.js';

const ORIGIN = { type: 'docker-registry', details: { target: 'acme/hello:1', url: 'https://registry.example' } };
const REPOSITORY = 'cycle/hello';
const HOUR_MS = 60 * 60_000;
const ACTOR = { type: 'SYSTEM', id: null, name: 'test' } as const;

/** A store that is not there any more once somebody takes something out of it. */
class DyingStore extends Store {
  override upkeep(): never {
    throw new Error('killed');
  }
}

onEachDatabase('jobs of images', (kind) => {
  let catalog: CatalogSetup;
  let store: Store;
  let folder: string;
  let sources: ImageSourceService;
  let images: CycleImages;
  let tasks: CycleTasks;
  let principal: Principal;
  let sourceId: string;

  beforeAll(async () => {
    catalog = await setUpCatalog(kind);
    const { builds, jobs, deleteBuild, reader } = catalog;
    folder = temporaryFolder();
    store = new Store(folder);
    sources = new ImageSourceService(new Seal(randomBytes(32)));
    images = new CycleImages(new OriginService(builds), sources);
    const services = { images, sources, builds, jobs, originQuery: new OriginQuery(reader) };
    tasks = new CycleTasks(services, { add: () => undefined }, new OwnNames('catalog.example'));
    jobs.onEnd(new ImageJobEnds(images, sources).settle);
    deleteBuild.onDelete(tasks.releaseBuild);
    principal = await catalog.createManager();
    const given = { name: 'hello', type: 'direct', origin: ORIGIN };
    sourceId = (await write((tx) => sources.create(tx, principal, given))).id;
  });
  afterAll(() => catalog.close());

  const write = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => catalog.inTransaction(work);
  const workerOn = (place: Store): Worker => {
    const { builds, jobs, deleteBuild, inTransaction, reader } = catalog;
    const removal = new ImageRemoval(place, { images, deleteBuild, jobs, inTransaction });
    const prune = new PruneHandler(removal, { originQuery: new OriginQuery(reader), builds });
    const { logger } = capturedLogger();
    return new Worker(jobs, [new DeleteHandler(removal, sources, builds), prune], inTransaction, logger);
  };
  const newImage = (): Promise<ServedImage> =>
    write((tx) => images.create(tx, principal, { hubId: newHexId(), sourceId }));
  const importing = (image: ServedImage): Promise<Job> =>
    write((tx) => tasks.importImage(tx, principal, image.document.id));
  const start = (job: Job) => write((tx) => catalog.jobs.start(tx, job.id));
  const enter = (image: ServedImage, current: string) =>
    write(async (tx) => {
      const now = await images.lock(tx, principal.accountId, image.document.id);
      const state = { ...now.document.state, current };
      await images.save(tx, principal.accountId, { ...now, document: { ...now.document, state } }, ACTOR);
    });
  const find = async ({ document }: ServedImage): Promise<ServedImage | undefined> => {
    const [origin] = await new OriginQuery(catalog.reader).byExternalIds(principal.accountId, 'CYCLE', [document.id]);
    return origin && toServed(origin);
  };
  const stateOf = async (image: ServedImage) => {
    const { current, error } = (await find(image))!.document.state;
    return [current, error?.message];
  };
  const read = (id: string) => catalog.reader.findOneByOrFail(Job, { accountId: principal.accountId, id });
  const inStore = () => store.repository(principal.accountId, REPOSITORY);
  const digestInStore = (image: ServedImage) => inStore().folder.digestOf(image.document.id);

  /** As an import leaves it that came to its end. */
  async function newLive(at = new Date(Date.now() - HOUR_MS)): Promise<ServedImage> {
    const image = await newImage();
    const { id: jobId } = (await start(await importing(image)))!;
    await writeSampleImage(inStore(), image.document.id, 1);
    const manifestDigest = (await digestInStore(image))!;
    const facts = {
      manifestDigest,
      imageId: manifestDigest,
      architecture: 'amd64' as const,
      layerBytes: 1,
      config: {},
    };
    await write(async (tx) => {
      const { document, related } = await images.lock(tx, principal.accountId, image.document.id);
      const live = imported(document, REPOSITORY, { ...facts, writtenAt: Date.now() }, at);
      live.events.created = new Date(Date.now() - HOUR_MS).toISOString();
      const stored = { repository: REPOSITORY, manifest_digest: manifestDigest, image_id: manifestDigest };
      const done = {
        ...related.import!,
        stored: { ...stored, architecture: 'amd64' as const, written_at: Date.now() },
      };
      await images.save(tx, principal.accountId, { document: live, related: { ...related, import: done } }, ACTOR);
      const run = { accountId: principal.accountId, id: jobId, attempt: 1 };
      await catalog.jobs.advance(tx, run, [{ type: 'succeeded', buildId: image.id, outputImage: null }]);
    });
    return image;
  }
  const deleting = (image: ServedImage) => write((tx) => tasks.deleteImage(tx, principal, image.document.id));
  const report = (image: ServedImage, status: DeploymentState) => {
    const said = { buildId: image.id, nodeId: newId(), status };
    return write((tx) => new DeploymentService(catalog.builds).report(tx, principal, said));
  };

  it('leave an image new where the import was given up, or cancelled while it waited to go on', async () => {
    const worker = workerOn(store);
    const [lost, waiting] = [await newImage(), await newImage()];
    const job = await importing(lost);
    for (let losses = 0; losses < 3; losses++) {
      await start(job);
      await enter(lost, 'downloading');
      await worker.recover();
    }
    expect((await read(job.id)).status).toBe('FAILED');
    expect(await stateOf(lost)).toEqual(['new', expect.stringContaining('lost 3 times')]);

    const { id, attempt } = (await start(await importing(waiting)))!;
    await enter(waiting, 'saving');
    const run = { accountId: principal.accountId, id, attempt };
    await write((tx) => catalog.jobs.advance(tx, run, [{ type: 'queued' }]));
    await write((tx) => catalog.jobs.cancel(tx, principal.accountId, id));
    expect(await stateOf(waiting)).toEqual(['new', 'cancelled']);
    expect((await importing(waiting)).id).not.toBe(id);
  });

  it('spare an image that a node reports before it is deleted, and say so', async () => {
    const image = await newLive();
    const { id } = await deleting(image);
    await report(image, DeploymentState.RUNNING);
    await workerOn(store).work(id);
    expect(await read(id)).toMatchObject({ status: 'FAILED', failure: { code: 'IMAGE_IN_USE' } });
    expect(await stateOf(image)).toEqual(['live', expect.stringContaining('node runs')]);
    expect(await digestInStore(image)).toBeDefined();
  });

  it('free the bytes after the catalog forgot the image, also where a process died in between', async () => {
    const image = await newLive();
    const { id } = await deleting(image);
    const other = await newLive();
    const { id: failing } = await deleting(other);
    await workerOn(new DyingStore(folder)).work(failing);
    expect([(await read(failing)).status, await find(other)]).toEqual(['FAILED', undefined]);

    // As if that had been a kill, which leaves the job running.
    await write((tx) => tx.manager.update(Job, { id: failing }, { status: 'RUNNING' } as never));
    const worker = workerOn(store);
    for (const job of await worker.recover()) await worker.work(job.id);
    expect([(await read(id)).status, (await read(failing)).status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    for (const gone of [image, other]) expect(await digestInStore(gone)).toBeUndefined();
    expect(await inStore().findTags()).not.toContain(other.document.id);
  });

  it('free the bytes of an image whose build is deleted as such, which waits for no import', async () => {
    const image = await newLive();
    const remove = () => write((tx) => catalog.deleteBuild.delete(tx, principal, image.id));
    await remove();
    expect(await find(image)).toBeUndefined();
    const worker = workerOn(store);
    for (const job of await catalog.jobs.listQueued(catalog.reader)) await worker.work(job.id);
    expect(await digestInStore(image)).toBeUndefined();
    const other = await newImage();
    const job = await importing(other);
    const deletion = write((tx) => catalog.deleteBuild.delete(tx, principal, other.id));
    await expect(deletion).rejects.toMatchObject({ code: 'CONFLICT' });
    await write((tx) => catalog.jobs.cancel(tx, principal.accountId, job.id));
  });

  it('free what an import left that failed after it came', async () => {
    const image = await newImage();
    const job = await importing(image);
    await writeSampleImage(inStore(), image.document.id, 1);
    await write((tx) => catalog.jobs.cancel(tx, principal.accountId, job.id));
    await workerOn(store).work((await deleting(image)).id);
    expect([await find(image), await digestInStore(image)]).toEqual([undefined, undefined]);
  });

  it('prune no image that is live for a moment only, however long ago it was made', async () => {
    const [old, young] = [await newLive(), await newLive(new Date())];
    const { id } = await write((tx) => tasks.prune(tx, principal, [sourceId.toUpperCase()]));
    await workerOn(store).work(id);
    expect((await read(id)).status).toBe('SUCCEEDED');
    expect([await find(old), await digestInStore(old)]).toEqual([undefined, undefined]);
    expect((await stateOf(young))[0]).toBe('live');
    expect(await digestInStore(young)).toBeDefined();
  });

  it('leave an image source live whose deletion was cancelled', async () => {
    const { id } = await write((tx) => tasks.deleteSource(tx, principal, sourceId));
    await write((tx) => catalog.jobs.cancel(tx, principal.accountId, id));
    expect((await write((tx) => sources.get(tx, principal.accountId, sourceId))).state).toBe('live');
  });
});
