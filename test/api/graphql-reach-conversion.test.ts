// A conversion over GraphQL that registers nothing, as CCM's POST /v1/tools/converter/convert-app/nitro-enclaves does.
import { eventsOf, finished, startConvertingGateway, storeSampleImage } from '../support/conversions.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import type { TestGateway } from '../support/gateway.js';

const CONVERT = `mutation ($input: ConvertNitroImageInput!) {
  convertNitroImage(input: $input) { job { id } userErrors { code field } }
}`;

onEachDatabaseAtScale('over GraphQL, a conversion that registers nothing', (kind) => {
  let gateway: TestGateway;
  let image: string;
  beforeAll(async () => {
    gateway = await startConvertingGateway({ DATABASE_URL: await kind.create() });
    image = await storeSampleImage(gateway, 'acme/hello', 1);
  });
  afterAll(() => gateway.close());

  const convert = async (more: object) => {
    const { body } = await gateway.send(CONVERT, { input: { inputImage: { name: image }, ...more } });
    return body.data.convertNitroImage;
  };
  const countBuilds = async () => (await gateway.send('{ builds { totalCount } }')).body.data.builds.totalCount;

  it('pushes the image and tells what attests it, without a build', async () => {
    const { job, userErrors } = await convert({ register: false });
    expect(userErrors).toEqual([]);
    const done = await finished(gateway, job.id);
    expect(done).toMatchObject({ status: 'SUCCEEDED', build: null, failure: null });
    expect(done.outputImage!.digest).toMatch(/^sha256:/);
    expect((await eventsOf(gateway, job.id)).filter(({ build }) => build !== null)).toEqual([]);
    expect(await countBuilds()).toBe(0);
    const selection = '{ outputImage { imageId measurements { platform name value } } }';
    const { body } = await gateway.send(`{ job(id: "${job.id}") ${selection} }`);
    const { imageId, measurements } = body.data.job.outputImage;
    expect(imageId).toMatch(/^[0-9a-f]{64}$/);
    expect(measurements.map(({ name }: { name: string }) => name)).toEqual(['pcr0', 'pcr1', 'pcr2']);
  });

  it('is another request than one that registers, for a key and for the result', async () => {
    const [register, key] = [false, 'one key'];
    const first = await convert({ register, idempotencyKey: key });
    expect(await convert({ register, idempotencyKey: key })).toEqual(first);
    const conflict = { job: null, userErrors: [{ code: 'CONFLICT', field: ['idempotencyKey'] }] };
    expect(await convert({ idempotencyKey: key })).toEqual(conflict);
    expect(await convert({ register: true, idempotencyKey: key })).toEqual(conflict);
    await finished(gateway, first.job.id);
    expect(await convert({ register, idempotencyKey: key })).toEqual(first);
    expect(await countBuilds()).toBe(0);
  });

  it('is the exception: true is what it means where it is left out', async () => {
    const first = await convert({ idempotencyKey: 'another key' });
    expect(await convert({ register: true, idempotencyKey: 'another key' })).toEqual(first);
    expect(await convert({ register: false, idempotencyKey: 'another key' })).toMatchObject({ job: null });
    expect((await finished(gateway, first.job.id)).build).not.toBeNull();
    expect(await countBuilds()).toBe(1);
  });
});
