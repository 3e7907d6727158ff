import { describeWithSamples, SAMPLES } from '../formats/image-builder/samples.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { accessKeyOf, arnOf, imageDocument, register } from '../support/image-builder.js';
import { deliver, signed } from '../support/signed-requests.js';
import type { Key } from '../support/signed-requests.js';

let gateway: TestGateway;
let key: Key;
beforeAll(async () => {
  gateway = await startTestGateway();
  key = await accessKeyOf(gateway);
});
afterAll(() => gateway.close());

const getImage = async (arn: string) => {
  const path = `/GetImage?imageBuildVersionArn=${encodeURIComponent(arn)}`;
  return (await deliver(gateway, signed(gateway, key, { path }))).body;
};
const withoutRequest = ({ requestId: _requestId, ...rest }: Record<string, unknown>) => rest;

describe('createImageBuilderImage', () => {
  it('keeps the document with what is not known here, and answers it', async () => {
    const image = imageDocument('future', '1.0.0/1', {
      state: { status: 'HALTED', since: 1.5 },
      ...{ deprecationTime: 1_767_225_600.123, wombat: [{ a: null }, 'ü'], name: 'Future' },
    });
    const { build } = await register(gateway, { image, requestId: 'old', more: { b: [] } });
    expect(build).toMatchObject({ name: 'Future', version: '1.0.0/1', phase: 'UNKNOWN', dockerInfo: null });
    const answer = await getImage(image.arn);
    expect(withoutRequest(answer)).toEqual({ image, more: { b: [] } });
    expect(answer.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('brings an image of the same ARN up to date, and changes nothing where nothing changed', async () => {
    const containers = [{ region: 'us-west-2', imageUris: ['123456789012.dkr.ecr.us-west-2.amazonaws.com/web:1'] }];
    const image = imageDocument('again', '1.0.0/1', { state: { status: 'BUILDING' } });
    const available = { ...image, state: { status: 'AVAILABLE' }, outputResources: { containers } };
    const log = async () => (await gateway.send('{ catalogLog { totalCount } }')).body.data.catalogLog.totalCount;
    const { build } = await register(gateway, { requestId: 'one', image });
    const before = await log();
    expect((await register(gateway, { requestId: 'two', image })).build).toEqual(build);
    expect(await log()).toBe(before);
    expect((await register(gateway, available)).build).toEqual({
      ...{ ...build, phase: 'AVAILABLE' },
      dockerInfo: { dockerImageName: '123456789012.dkr.ecr.us-west-2.amazonaws.com/web', dockerVersion: '1' },
    });
    expect(withoutRequest(await getImage(image.arn))).toEqual({ image: available });
    const { body } = await gateway.send(`{ build(id: "${build.id}") { phase name } }`);
    expect(body.data.build).toEqual({ phase: 'AVAILABLE', name: 'again' });
  });

  it.each([
    ['no ARN', {}],
    ['no text as an ARN', { image: { arn: 7 } }],
    ['the ARN of a version', { arn: arnOf('web/1.0.0') }],
    ['the ARN of something else', { arn: 'arn:aws:imagebuilder:us-west-2:123456789012:image-recipe/web/1.0.0/1' }],
    ['a name that is too long', { arn: arnOf(`${'a'.repeat(300)}/1.0.0/1`) }],
    ['more than 512 KiB', imageDocument('large', '1.0.0/1', { osVersion: 'a'.repeat(2 ** 19) })],
  ])('refuses a document with %s', async (_what, document) => {
    const { build, userErrors } = await register(gateway, document);
    expect([build, userErrors[0].code]).toEqual([null, 'BAD_USER_INPUT']);
  });
});

describeWithSamples('every sample of GetImage', () => {
  it.each(SAMPLES)('comes back as it went in: %s', async (_file, document) => {
    expect((await register(gateway, document)).userErrors).toEqual([]);
    expect(withoutRequest(await getImage(document.image.arn))).toEqual(withoutRequest(document));
  });

  it('was there', () => expect(SAMPLES.length).toBeGreaterThan(3));
});
