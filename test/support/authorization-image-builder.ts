// The lines of the authorisation table for Image Builder's paths: requests are signed with access keys.
import { asking, createImage, MARKER } from './authorization-content.js';
import type { Ids } from './authorization-content.js';
import type { Access, Call, Line, Outcome } from './authorization-line.js';
import type { World } from './authorization-world.js';

export type ImageBuilderLine = Line & { method: string; path: string };

const anImage = async ({ gateway, fresh }: World): Promise<Partial<Ids>> => ({
  imageArn: await createImage(asking(gateway), `${MARKER}-${fresh()}`),
});

const line = (
  name: string,
  access: Access,
  route: string,
  stranger: Outcome,
  { at, body, ...more }: Partial<Line> & { at?: (arn: string) => string; body?: (ids: Ids) => unknown } = {},
): ImageBuilderLine => {
  const [method, path] = route.split(' ') as [string, string];
  const call = (ids: Ids): Call => ({
    ...{ kind: 'http', method, path: at ? at(encodeURIComponent(ids.imageArn)) : path },
    body: body?.(ids),
  });
  // Without an account there is no access key.
  const except = { user: 'UNAUTHENTICATED' } as const;
  return { group: 'Image Builder', name, access, stranger, except, call, method, path, ...more };
};

const tags = (arn: string) => `/tags/${arn}`;

export const IMAGE_BUILDER: ImageBuilderLine[] = [
  line('GetImage', 'READER', 'GET /GetImage', 'NOT_FOUND', { at: (arn) => `/GetImage?imageBuildVersionArn=${arn}` }),
  line('ListImages', 'READER', 'POST /ListImages', 'OK', { body: () => ({}) }),
  line('ListImageBuildVersions', 'READER', 'POST /ListImageBuildVersions', 'EMPTY', {
    body: ({ imageArn }) => ({ imageVersionArn: imageArn.replace(/\/1$/, '') }),
  }),
  line('CancelImageCreation', 'WRITER', 'PUT /CancelImageCreation', 'NOT_FOUND', {
    ...{ throwAway: anImage, body: ({ imageArn }) => ({ imageBuildVersionArn: imageArn, clientToken: 'table' }) },
  }),
  line('ListTagsForResource', 'READER', 'GET /tags/{resource-arn}', 'NOT_FOUND', { at: tags }),
  line('TagResource', 'WRITER', 'POST /tags/{resource-arn}', 'NOT_FOUND', {
    ...{ at: tags, throwAway: anImage, body: () => ({ tags: { a: 'b' } }) },
  }),
  line('UntagResource', 'WRITER', 'DELETE /tags/{resource-arn}', 'NOT_FOUND', {
    ...{ at: (arn) => `${tags(arn)}?tagKeys=a`, throwAway: anImage },
  }),
];
