// Cycle's part of the union BuildOrigin: its image and image source with all their members but secrets.
import { Field, ObjectType } from 'type-graphql';
import { OriginKind } from '../../builds/origin.entity.js';
import type { VendorDocument } from '../../builds/origin.entity.js';
import { DocumentTypes } from '../document-type.js';
import { readOpenApi, SCHEMA_REF } from '../openapi.js';
import { OriginFields } from '../origin-type.js';
import type { OriginFormat } from '../origin-type.js';
import { withoutSecrets } from '../without-secrets.js';

const { schemas } = readOpenApi('cycle');
const types = new DocumentTypes(schemas, 'Cycle');
const image = types.of('Image');
const imageSource = types.of('ImageSource');

@ObjectType('CycleOrigin', {
  implements: OriginFields,
  simpleResolvers: true,
  description: "An image of Cycle, imported from there or made through Cycle's paths here. Secrets are left out of it.",
})
class CycleOrigin {
  @Field(() => image.type, { nullable: true, description: 'The image as Cycle tells it.' })
  image!: () => object | null;

  @Field(() => imageSource.type, {
    nullable: true,
    description: 'The image source it was made from, as Cycle told it with the image; null where it did not.',
  })
  imageSource!: () => object | null;

  document!: () => VendorDocument;
  related!: () => VendorDocument;
}

/** The member of `related` that holds the document of its image source. */
const SOURCE = 'source';

const IMAGE_REF = { $ref: `${SCHEMA_REF}Image` };
const RELATED = { properties: { [SOURCE]: { $ref: `${SCHEMA_REF}ImageSource` } } };

export const CYCLE_ORIGIN: OriginFormat = {
  kind: OriginKind.CYCLE,
  type: CycleOrigin,
  read: ({ document, related }): CycleOrigin => ({
    image: () => image.read(document),
    imageSource: () => imageSource.read(related[SOURCE]),
    document: () => withoutSecrets(schemas, IMAGE_REF, document),
    related: () => withoutSecrets(schemas, RELATED, related),
  }),
};
