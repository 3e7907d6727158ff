import { toOriginDraft } from '../../../src/formats/image-builder/origin-codec.js';
import { sharedSamples } from '../../support/shared-samples.js';
import { deliver, signed } from '../../support/signed-requests.js';
import type { Unsigned } from '../../support/signed-requests.js';
import { fixture, without } from './format-contract.js';
import type { FormatContract } from './format-contract.js';

const ARN = 'arn:aws:imagebuilder:eu-west-1:123456789012:image';
const post = (path: string, body: object): Unsigned => ({
  ...{ method: 'POST', path, body: JSON.stringify(body) },
  headers: { 'content-type': 'application/json' },
});
const get = (arn: string): Unsigned => ({ path: `/GetImage?imageBuildVersionArn=${encodeURIComponent(arn)}` });
const error = (status: number, name: string) => ({
  status,
  headers: { 'x-amzn-errortype': expect.stringContaining(name) },
  body: { message: expect.any(String) },
});

const made = {
  ...{ arn: `${ARN}/made-here/1.0.0/1`, name: 'Made here', version: '1.0.0/1', type: 'AMI', platform: 'Linux' },
  state: { status: 'AVAILABLE' },
};

const available = fixture('image-builder-image') as { image: object };
const failed = {
  ...available,
  image: {
    ...available.image,
    arn: `${ARN}/web-server/2.1.0/8`,
    version: '2.1.0/8',
    state: {
      status: 'FAILED',
      reason: 'A step failed.',
      failureContext: {
        imageStatus: 'TESTING',
        workflowExecutionId: 'wf-00000000-0000-4000-8000-000000000001',
        workflowArn: 'arn:aws:imagebuilder:eu-west-1:123456789012:workflow/test/tests/1.0.0/1',
        stepExecutionId: 'step-00000000-0000-4000-8000-000000000001',
        failedStep: 'RunTests',
        componentFailure: {
          componentArn: 'arn:aws:imagebuilder:eu-west-1:123456789012:component/smoke/1.0.0/1',
          ...{ phaseName: 'test', stepName: 'Ping', action: 'ExecuteBash', errorMessage: 'It did not answer.' },
        },
        distributionFailure: {
          errorMessage: 'One region refused the image.',
          regionFailures: [
            {
              ...{ region: 'eu-central-1', status: 'FAILED', imageConfigurationStep: 'EXPORT_AMI' },
              ...{ errorMessage: 'The bucket is not there.', targetAccountId: '210987654321' },
            },
          ],
        },
      },
    },
  },
  latestVersionReferences: {
    latestVersionArn: `${ARN}/web-server/x.x.x`,
    latestMajorVersionArn: `${ARN}/web-server/2.x.x`,
    latestMinorVersionArn: `${ARN}/web-server/2.1.x`,
    latestPatchVersionArn: `${ARN}/web-server/2.1.0`,
  },
};

export const imageBuilderContract: FormatContract = {
  name: 'Image Builder',
  kind: 'IMAGE_BUILDER',
  documents: {
    'an image that is available': available,
    'an image that failed': failed,
    ...sharedSamples('image-builder', 'getimage-'),
  },
  described: { openApi: 'image-builder', schema: 'GetImageResponse', except: [] },
  smallDocument: (number) => ({
    image: {
      arn: `${ARN}/small/1.0.0/${number}`,
      name: 'small',
      version: `1.0.0/${number}`,
      state: { status: 'FAILED' },
    },
  }),
  toOriginDraft,
  async connect(gateway) {
    const created = await gateway.send(
      'mutation { createAwsAccessKey(input: { name: "contract", roles: [WRITER] }) { awsAccessKey { accessKeyId } secretAccessKey } }',
    );
    const { awsAccessKey, secretAccessKey } = created.body.data.createAwsAccessKey;
    const key = { ...awsAccessKey, secretAccessKey };
    const ask = (unsigned: Unsigned) => deliver(gateway, signed(gateway, key, unsigned));
    const nameless = (unsigned: Unsigned) => {
      const { headers, ...request } = signed(gateway, key, unsigned);
      return deliver(gateway, { ...request, headers: { Host: headers.Host! } });
    };
    return {
      get: (arn) => ask(get(arn)),
      async list(maxResults, nextToken) {
        const { body } = await ask(post('/ListImageBuildVersions', { maxResults, ...(nextToken && { nextToken }) }));
        return { ids: body.imageSummaryList.map((image: any) => image.arn), next: body.nextToken };
      },
      sendBadBody: () => ask(post('/ListImages', { maxResults: 'many' })),
      getWithoutToken: (arn) => nameless(get(arn)),
    };
  },
  documentIn: (body) => body,
  // Each answer has a request id of its own.
  comparable: (answer) => without(answer.image ? answer : { image: answer }, ['requestId']),
  unknownId: `${ARN}/unknown/9.9.9/9`,
  unknown: error(404, 'ResourceNotFoundException'),
  badBody: error(400, 'InvalidRequestException'),
  missingToken: error(403, 'MissingAuthenticationToken'),
  mutation: {
    name: 'createImageBuilderImage',
    text: 'mutation ($input: CreateImageBuilderImageInput!) { createImageBuilderImage(input: $input) { build { id name } userErrors { message } } }',
    input: { document: { image: made } },
    createdId: () => made.arn,
    created: { image: made },
  },
};
