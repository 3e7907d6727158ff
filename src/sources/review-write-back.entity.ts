// A decision made here on an imported build, on its way to where the build comes from: sent at most once.
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Entity, ForeignKey, Index } from 'typeorm';
import { Build } from '../builds/build.entity.js';
import { IdColumn, PrimaryIdColumn, TextColumn, TimeColumn, WordColumn } from '../db/columns.js';
import { ApprovalStatus } from '../tasks/task.entity.js';

export const WriteBackStatus = {
  PENDING: 'PENDING',
  SENDING: 'SENDING',
  DONE: 'DONE',
  FAILED: 'FAILED',
  UNKNOWN: 'UNKNOWN',
} as const;
export type WriteBackStatus = keyof typeof WriteBackStatus;
registerEnumType(WriteBackStatus, {
  name: 'ReviewWriteBackStatus',
  description: 'How far a decision is on its way to the source of the build. DONE, FAILED and UNKNOWN are final.',
  valuesConfig: {
    PENDING: { description: 'Not sent yet.' },
    SENDING: { description: 'About to be sent, or sent and not answered yet.' },
    DONE: { description: 'The source has the same decision.' },
    FAILED: { description: 'The source does not have it, and will not get it; `message` says why.' },
    UNKNOWN: {
      description: 'It was sent, no answer came, and the task there is still open. It is not sent again: decide there.',
    },
  },
});

@ObjectType({ simpleResolvers: true, description: 'A decision made here, told to the source of the build.' })
@Entity('review_write_back')
@ForeignKey(() => Build, ['accountId', 'buildId'], ['accountId', 'id'], { onDelete: 'CASCADE' })
@Index('review_write_back_build', ['accountId', 'buildId', 'createdAt'])
export class ReviewWriteBack {
  @PrimaryIdColumn()
  accountId!: string;

  @Field(() => ID, { description: 'The task that was decided here.' })
  @PrimaryIdColumn()
  taskId!: string;

  @IdColumn()
  buildId!: string;

  @IdColumn()
  sourceId!: string;

  @Field({ description: 'The task there.' })
  @WordColumn()
  externalTaskId!: string;

  @Field(() => ApprovalStatus, { description: 'What was decided.' })
  @WordColumn()
  decision!: ApprovalStatus;

  @TextColumn({ nullable: true })
  reason!: string | null;

  @Field(() => WriteBackStatus, { description: 'How far it is.' })
  @WordColumn()
  status!: WriteBackStatus;

  @Field(() => String, { nullable: true, description: 'What the outcome came from, in words.' })
  @TextColumn({ nullable: true })
  message!: string | null;

  @Field({ description: 'When it was decided.' })
  @TimeColumn()
  createdAt!: Date;

  @Field({ description: 'When its status last changed.' })
  @TimeColumn()
  updatedAt!: Date;
}
