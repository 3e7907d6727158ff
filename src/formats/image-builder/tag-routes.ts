// Tags of images, as AWS bounds them.
import { newId } from '../../lib/ids.js';
import type { RouteResponse } from '../../lib/route.js';
import { operation, operationsWithBody } from '../operation.js';
import type { FormatOperation } from '../operation.js';
import { parseQuery } from './canonical-request.js';
import { getBuildOfImage } from './find-image.js';
import { answerOf, ImageBuilderError } from './image-builder-errors.js';
import type { ImageBuilderServices } from './image-builder-services.js';
import { changeTags } from './image-changes.js';
import { imageOf } from './origin-codec.js';
import { objectIn } from '../document-value.js';
import type { WireBodies, WireObject } from './wire.js';

const operationWithBody = operationsWithBody<WireBodies>();

const MAX_TAGS = 50;
const MAX_KEY = 128;
const MAX_VALUE = 256;

export function tagRoutes(services: ImageBuilderServices): FormatOperation[] {
  return [
    operation('ListTagsForResource', async ({ principal, path }) => {
      const { document } = await getBuildOfImage(services, principal.accountId, path.resourceArn!);
      return answer({ tags: objectIn(imageOf(document).tags) ?? {} });
    }),
    operationWithBody('TagResource', 'TagResourceRequest', async ({ principal, path, body }) => {
      await changeTags(services, principal, path.resourceArn!, (tags) => withTags(tags, body.tags));
      return answer({});
    }),
    operation('UntagResource', async ({ principal, path, target }) => {
      // As they were signed: a plus is a plus.
      const keys = parseQuery(target).flatMap(([name, value]) => (name === 'tagKeys' ? [value] : []));
      await changeTags(services, principal, path.resourceArn!, (tags) =>
        Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key))),
      );
      return answer({});
    }),
  ];
}

function withTags(before: WireObject, added: Record<string, string>): WireObject {
  for (const [key, value] of Object.entries(added)) {
    if (key === '' || key.length > MAX_KEY) throw wrongTags(`The key of a tag has 1 to ${MAX_KEY} characters.`);
    if (/^aws:/i.test(key)) throw wrongTags('The key of a tag must not begin with `aws:`.');
    if (value.length > MAX_VALUE) throw wrongTags(`The value of a tag has at most ${MAX_VALUE} characters.`);
  }
  const after = { ...before, ...added };
  if (Object.keys(after).length > MAX_TAGS) throw wrongTags(`An image has at most ${MAX_TAGS} tags.`);
  return after;
}

const wrongTags = (message: string) => new ImageBuilderError('InvalidParameterException', message);

/** These have the request id in the header alone. */
const answer = (body: object): RouteResponse => answerOf(newId(), body);
