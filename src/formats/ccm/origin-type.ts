// CCM's part of the union BuildOrigin: its build and its task with all their members.
import { Field, ObjectType } from 'type-graphql';
import { BuildStatusType } from '../../builds/build-parts.js';
import { OriginKind } from '../../builds/origin.entity.js';
import { DocumentTypes } from '../document-type.js';
import { readOpenApi } from '../openapi.js';
import { OriginFields } from '../origin-type.js';
import type { OriginFormat } from '../origin-type.js';

const types = new DocumentTypes(readOpenApi('ccm').schemas, 'Ccm');
const ccmBuild = types.of('Build');
const ccmTask = types.of('Task');

@ObjectType('CcmOrigin', {
  implements: OriginFields,
  simpleResolvers: true,
  description: 'A build of Fortanix Confidential Computing Manager, imported from there.',
})
class CcmOrigin {
  @Field(() => ccmBuild.type, { nullable: true, description: 'The build as CCM tells it.' })
  build!: () => object | null;

  @Field(() => ccmTask.type, { nullable: true, description: 'The task of its review there; null where it has none.' })
  task!: () => object | null;

  @Field(() => String, {
    nullable: true,
    description: 'How it was reviewed there, by the last document. Known values: PENDING, WHITELISTED, REJECTED.',
  })
  reviewStatus!: string | null;

  @Field({
    description:
      'Whether that differs from the review here. It is taken over at the first import and decided here afterwards, so neither overwrites the other: decide it again on the side that is wrong.',
  })
  reviewDiffers!: boolean;
}

/** The member of `related` that holds the document of its task. */
export const TASK = 'task';

export const CCM_ORIGIN: OriginFormat = {
  kind: OriginKind.CCM,
  type: CcmOrigin,
  read({ document, related }, { statusType }): CcmOrigin {
    const reviewStatus = reviewStatusOf(document);
    return {
      build: () => ccmBuild.read(document),
      task: () => ccmTask.read(related[TASK]),
      reviewStatus,
      reviewDiffers: reviewStatus !== null && reviewStatus !== String(statusType ?? BuildStatusType.PENDING),
    };
  },
};

function reviewStatusOf({ status }: Record<string, unknown>): string | null {
  const word = typeof status === 'object' && status !== null && 'status' in status ? status.status : null;
  return typeof word === 'string' ? word : null;
}
