// Image Builder's operations on images.
import { newId } from '../../lib/ids.js';
import type { RouteResponse } from '../../lib/route.js';
import { operation, operationsWithBody } from '../operation.js';
import type { FormatOperation } from '../operation.js';
import { findImage } from './find-image.js';
import { answerOf } from './image-builder-errors.js';
import type { ImageBuilderServices } from './image-builder-services.js';
import { cancelImage } from './image-changes.js';
import { listBuildVersions, listImages } from './image-lists.js';
import { objectIn } from '../document-value.js';
import type { WireBodies } from './wire.js';

const operationWithBody = operationsWithBody<WireBodies>();

export function imageRoutes(services: ImageBuilderServices): FormatOperation[] {
  return [
    operation<{ imageBuildVersionArn: string }>('GetImage', async ({ principal, query }) => {
      const { document } = await findImage(services, principal.accountId, query.imageBuildVersionArn);
      return answer(objectIn(document.image) ? document : { image: document });
    }),
    operationWithBody('ListImages', 'ListImagesRequest', async ({ principal, body = {} }) =>
      answer(await listImages(services, principal.accountId, body)),
    ),
    operationWithBody('ListImageBuildVersions', 'ListImageBuildVersionsRequest', async ({ principal, body = {} }) =>
      answer(await listBuildVersions(services, principal.accountId, body)),
    ),
    operationWithBody('CancelImageCreation', 'CancelImageCreationRequest', async ({ principal, body }) => {
      await cancelImage(services, principal, body);
      const { imageBuildVersionArn, clientToken } = body;
      return answer({ ...(clientToken !== undefined && { clientToken }), imageBuildVersionArn });
    }),
  ];
}

/** The same request id in header and body. */
function answer(body: object): RouteResponse {
  const requestId = newId();
  return answerOf(requestId, { ...body, requestId });
}
