import {
  CancelImageCreationCommand,
  GetImageCommand,
  InvalidPaginationTokenException,
  InvalidParameterCombinationException,
  InvalidParameterException,
  InvalidRequestException,
  ListImageBuildVersionsCommand,
  ListImagesCommand,
  ListTagsForResourceCommand,
  paginateListImageBuildVersions,
  paginateListImages,
  ResourceNotFoundException,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-imagebuilder';
import type { ImagebuilderClient, ImagebuilderServiceException } from '@aws-sdk/client-imagebuilder';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { accessKeyOf, arnOf, imageDocument, register, sdkClient, strangerClient } from '../support/image-builder.js';

onEachDatabaseAtScale("the gateway behind AWS's own client", (kind) => {
  let gateway: TestGateway;
  let client: ImagebuilderClient;
  let stranger: ImagebuilderClient;
  const getImage = async (arn: string) => (await client.send(new GetImageCommand({ imageBuildVersionArn: arn }))).image;
  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create(), SIGN_UP: 'open' });
    client = sdkClient(gateway, await accessKeyOf(gateway));
    stranger = await strangerClient(gateway);
    const documents = [
      ...['1.0.0/1', '1.0.0/2', '1.0.0/10', '1.2.0/1', '2.0.0/1'].map((version) => imageDocument('web', version)),
      imageDocument('web', '1.0.0/11', { state: { status: 'BUILDING' } }),
      imageDocument('web', '3.0.0/1', { state: { status: 'DEPRECATED' }, deprecationTime: 1_767_225_600.5 }),
      imageDocument('win', '1.0.0/1', { platform: 'Windows', osVersion: 'Windows "2025"', name: 'Win' }),
      { ...imageDocument('base', '1.0.0/1'), arn: 'arn:aws:imagebuilder:us-west-2:aws:image/base/1.0.0/1' },
    ];
    for (const document of documents) expect((await register(gateway, document)).userErrors).toEqual([]);
  });
  afterAll(async () => {
    client.destroy();
    stranger.destroy();
    await gateway.close();
  });

  it.each([
    ['web/1.0.0/11', '1.0.0/11'],
    ['web/1.0.0', '1.0.0/10'],
    ['web/1.0.x', '1.0.0/10'],
    ['web/1.x.x', '1.2.0/1'],
    ['web/x.x.x', '2.0.0/1'],
  ])('finds the image that %s means', async (arn, version) => {
    const answer = await client.send(new GetImageCommand({ imageBuildVersionArn: arnOf(arn) }));
    expect(answer.image?.version).toBe(version);
    expect(answer.requestId).toBe(answer.$metadata.requestId);
    expect(answer.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('gives times as the client reads them', async () => {
    const image = await getImage(arnOf('web/3.0.0/1'));
    expect(image?.deprecationTime).toEqual(new Date(1_767_225_600_500));
    expect(image?.dateCreated).toBe('2026-01-02T03:04:05.678Z');
  });

  it.each([
    ['an image that is not there', arnOf('none/1.0.0/1'), ResourceNotFoundException, 404],
    ['a version without a build that is available', arnOf('web/3.0.0'), ResourceNotFoundException, 404],
    ['a wildcard that nothing fits', arnOf('web/4.x.x'), ResourceNotFoundException, 404],
    ['what is no ARN', 'web', InvalidRequestException, 400],
    ['a number right of an x', arnOf('web/x.1.0'), InvalidRequestException, 400],
    ['nothing', '', InvalidRequestException, 400],
    ['no parameter', undefined, InvalidRequestException, 400],
  ])('has a typed error for %s', async (_what, arn, type, status) => {
    const error: unknown = await getImage(arn as string).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(type);
    const { message, $metadata } = error as ImagebuilderServiceException;
    expect(message).toMatch(/^.+\.$/);
    expect($metadata).toMatchObject({ httpStatusCode: status, attempts: 1, requestId: expect.any(String) });
  });

  it('lists each version once, whatever the size of the pages', async () => {
    const list = async (pageSize: number, input: object = {}) => {
      const arns: unknown[] = [];
      for await (const page of paginateListImages({ client, pageSize }, input)) {
        expect(page.imageVersionList!.length).toBeLessThanOrEqual(pageSize);
        arns.push(...page.imageVersionList!.map(({ arn }) => arn));
      }
      return arns;
    };
    const known = ['web/1.0.0', 'web/1.2.0', 'web/2.0.0', 'win/1.0.0'].map(arnOf);
    for (const pageSize of [1, 2, 4, 25]) expect(await list(pageSize)).toEqual(known);
    const all = [...known.slice(0, 3), arnOf('web/3.0.0'), known[3]];
    for (const pageSize of [1, 25]) expect(await list(pageSize, { includeDeprecated: true })).toEqual(all);
    expect(await list(1, { byName: true })).toEqual([arnOf('web/2.0.0'), arnOf('win/1.0.0')]);
    expect(await list(5, { owner: 'Amazon' })).toEqual(['arn:aws:imagebuilder:us-west-2:aws:image/base/1.0.0']);
    expect(await list(5, { owner: 'Shared' })).toEqual([]);
    const ofVersion = [{ name: 'version', values: ['1.0.0', '2.0.0'] }];
    expect(await list(1, { filters: ofVersion })).toEqual([known[0], known[2], known[3]]);
    const both = [...ofVersion, { name: 'platform', values: ['Linux', 'macOS'] }];
    expect(await list(1, { filters: both })).toEqual([known[0], known[2]]);
    for (const [name, value] of [
      ['osVersion', 'Windows "2025"'],
      ['name', 'Win'],
      ['platform', 'Windows'],
    ])
      expect(await list(2, { filters: [{ name, values: [value] }] })).toEqual([known[3]]);
    expect(await list(2, { filters: [{ name: 'name', values: ['win'] }] })).toEqual([]);
  });

  it('tells of a version what it knows', async () => {
    const filters = [{ name: 'platform', values: ['Windows'] }];
    const { imageVersionList } = await client.send(new ListImagesCommand({ filters }));
    expect(imageVersionList).toEqual([
      {
        ...{ arn: arnOf('win/1.0.0'), name: 'Win', version: '1.0.0', owner: '123456789012', type: 'AMI' },
        ...{ platform: 'Windows', osVersion: 'Windows "2025"', buildType: 'USER_INITIATED' },
        dateCreated: '2026-01-02T03:04:05.678Z',
      },
    ]);
  });

  it('lists the builds of a version, the latest first, and those of all versions', async () => {
    const list = async (pageSize: number, input: object) => {
      const found: unknown[] = [];
      for await (const page of paginateListImageBuildVersions({ client, pageSize }, input))
        found.push(...page.imageSummaryList!.map(({ version, state }) => `${version} ${state?.status}`));
      return found;
    };
    const ofOne = ['1.0.0/11 BUILDING', '1.0.0/10 AVAILABLE', '1.0.0/2 AVAILABLE', '1.0.0/1 AVAILABLE'];
    for (const pageSize of [1, 2, 4, 25])
      expect(await list(pageSize, { imageVersionArn: arnOf('web/1.0.0') })).toEqual(ofOne);
    expect(await list(1, {})).toHaveLength(9);
    expect(await list(2, { filters: [{ name: 'platform', values: ['Windows'] }] })).toEqual(['1.0.0/1 AVAILABLE']);
    expect(await list(2, { imageVersionArn: arnOf('none/1.0.0') })).toEqual([]);
  });

  it('takes a token for the next page of the same list only', async () => {
    const { nextToken } = await client.send(new ListImagesCommand({ maxResults: 1 }));
    const go = (input: object) => client.send(new ListImagesCommand(input));
    expect((await go({ maxResults: 2, nextToken })).imageVersionList).toHaveLength(2);
    await expect(go({ byName: true, nextToken })).rejects.toBeInstanceOf(InvalidPaginationTokenException);
    await expect(go({ nextToken: 'bm9uZQ' })).rejects.toBeInstanceOf(InvalidPaginationTokenException);
    const other = client.send(new ListImageBuildVersionsCommand({ nextToken }));
    await expect(other).rejects.toBeInstanceOf(InvalidPaginationTokenException);
    const theirs = stranger.send(new ListImagesCommand({ nextToken }));
    await expect(theirs).rejects.toBeInstanceOf(InvalidPaginationTokenException);
  });

  it.each([
    [{ byName: true, filters: [{ name: 'version', values: ['1.0.0'] }] }, InvalidParameterCombinationException],
    [{ maxResults: 26 }, InvalidRequestException],
    [{ maxResults: 0 }, InvalidRequestException],
    [{ filters: [] }, InvalidRequestException],
    [{ filters: [{ name: 'owner', values: ['a'] }] }, InvalidRequestException],
    [{ filters: [{ name: 'name', values: [] }] }, InvalidRequestException],
    [{ owner: 'Nobody' }, InvalidRequestException],
  ])('refuses to list %j', async (input, type) => {
    await expect(client.send(new ListImagesCommand(input as never))).rejects.toBeInstanceOf(type);
  });

  it('sees nothing of another account', async () => {
    const get = stranger.send(new GetImageCommand({ imageBuildVersionArn: arnOf('web/1.0.0/1') }));
    await expect(get).rejects.toBeInstanceOf(ResourceNotFoundException);
    const { imageVersionList } = await stranger.send(new ListImagesCommand({}));
    expect(imageVersionList).toEqual([]);
  });

  it('cancels what is being made, once, and nothing that is complete', async () => {
    await register(gateway, imageDocument('job', '1.0.0/1', { state: { status: 'TESTING', reason: 'since noon' } }));
    const imageBuildVersionArn = arnOf('job/1.0.0/1');
    const cancel = (arn: string, clientToken = 'one') =>
      client.send(new CancelImageCreationCommand({ imageBuildVersionArn: arn, clientToken }));
    for (const clientToken of ['one', 'one', 'two'])
      expect(await cancel(imageBuildVersionArn, clientToken)).toMatchObject({ imageBuildVersionArn, clientToken });
    expect((await getImage(imageBuildVersionArn))?.state).toEqual({ status: 'CANCELLED', reason: 'since noon' });
    // Made again elsewhere: a request that comes late must not stop it.
    const again = await register(gateway, imageDocument('job', '1.0.0/1', { state: { status: 'BUILDING' } }));
    expect(again.build.phase).toBe('BUILDING');
    await cancel(imageBuildVersionArn, 'one');
    expect((await getImage(imageBuildVersionArn))?.state?.status).toBe('BUILDING');
    await expect(cancel(arnOf('web/1.0.0/1'))).rejects.toBeInstanceOf(InvalidRequestException);
    await expect(cancel(arnOf('web/1.0.0'))).rejects.toBeInstanceOf(InvalidRequestException);
    await expect(cancel(arnOf('none/1.0.0/1'))).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('keeps tags', async () => {
    const resourceArn = arnOf('web/1.2.0/1');
    const tag = (tags: Record<string, string>) => client.send(new TagResourceCommand({ resourceArn, tags }));
    const tags = async () => (await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags;
    expect(await tags()).toEqual({});
    await tag({ team: 'a+b & c', 'stage name': 'test' });
    await tag({ team: 'b', 'a+b': '' });
    expect(await tags()).toEqual({ team: 'b', 'stage name': 'test', 'a+b': '' });
    await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a+b', 'stage name', 'none'] }));
    expect((await getImage(resourceArn))?.tags).toEqual({ team: 'b' });
    await expect(tag({ 'aws:team': 'a' })).rejects.toBeInstanceOf(InvalidParameterException);
    await expect(tag({ ['k'.repeat(129)]: 'a' })).rejects.toBeInstanceOf(InvalidParameterException);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`key ${n}`, '']));
    await expect(tag(many)).rejects.toBeInstanceOf(InvalidParameterException);
    const none = new ListTagsForResourceCommand({ resourceArn: arnOf('none/1.0.0/1') });
    await expect(client.send(none)).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  it('lets the client set a clock right that is late, and try again', async () => {
    const late = sdkClient(gateway, await accessKeyOf(gateway, 'READER'), { systemClockOffset: -3_600_000 });
    const command = new GetImageCommand({ imageBuildVersionArn: arnOf('web/1.0.0/1') });
    expect((await late.send(command)).$metadata.attempts).toBe(2);
    expect((await late.send(command)).$metadata.attempts).toBe(1);
    late.destroy();
  });

  it('lets a key do no more than its role', async () => {
    const reader = sdkClient(gateway, await accessKeyOf(gateway, 'READER'));
    const command = new CancelImageCreationCommand({ imageBuildVersionArn: arnOf('web/1.0.0/11'), clientToken: 'a' });
    await expect(reader.send(command)).rejects.toMatchObject({
      ...{ name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } },
    });
    reader.destroy();
  });
});
