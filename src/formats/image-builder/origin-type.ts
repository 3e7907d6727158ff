// Image Builder's part of the union BuildOrigin: its image with all its members.
import { Field, ObjectType } from 'type-graphql';
import { OriginKind } from '../../builds/origin.entity.js';
import { DocumentTypes } from '../document-type.js';
import { readOpenApi } from '../openapi.js';
import { OriginFields } from '../origin-type.js';
import type { OriginFormat } from '../origin-type.js';
import { imageOf } from './origin-codec.js';
import { textIn } from './wire.js';

const types = new DocumentTypes(readOpenApi('image-builder').schemas, 'ImageBuilder');
const image = types.of('Image');
const references = types.of('LatestVersionReferences');

@ObjectType('ImageBuilderOrigin', {
  implements: OriginFields,
  simpleResolvers: true,
  description: 'A build of an image of AWS EC2 Image Builder, imported from there or registered here by its document.',
})
class ImageBuilderOrigin {
  @Field(() => image.type, { nullable: true, description: 'The image as Image Builder tells it.' })
  image!: () => object | null;

  @Field(() => references.type, {
    nullable: true,
    description: 'ARNs under which the latest versions of the image are found; null where that was not told.',
  })
  latestVersionReferences!: () => object | null;

  @Field(() => String, {
    nullable: true,
    description: "Id of the vendor's request that `document` is the answer of; null where it was not told.",
  })
  requestId!: string | null;
}

export const IMAGE_BUILDER_ORIGIN: OriginFormat = {
  kind: OriginKind.IMAGE_BUILDER,
  type: ImageBuilderOrigin,
  read: ({ document }): ImageBuilderOrigin => ({
    image: () => image.read(imageOf(document)),
    latestVersionReferences: () => references.read(document.latestVersionReferences),
    requestId: textIn(document.requestId) ?? null,
  }),
};
