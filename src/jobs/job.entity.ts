// Work the gateway does. This row is the truth of a job; a queue only carries its id.
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { GraphQLSafeInt } from 'graphql-scalars';
import { Column, Entity, ForeignKey, Index } from 'typeorm';
import { Account } from '../auth/account.entity.js';
import { Build } from '../builds/build.entity.js';
import { Warning } from '../builds/build-parts.js';
import { Measurement } from '../builds/measurements.js';
import type { MeasuredValue } from '../builds/measurements.js';
import { IdColumn, JsonColumn, PrimaryIdColumn, TextColumn, TimeColumn, WordColumn } from '../db/columns.js';
import type { Actor } from '../events/catalog-log.entity.js';
import { JobStatus } from '../events/job-event.entity.js';
import { JobStep } from '../events/job-step.js';
import { JobFailureCode } from '../lib/job-failure.js';
import { Node } from '../lib/node.js';

export enum JobKind {
  NITRO_CONVERSION = 'NITRO_CONVERSION',
}
registerEnumType(JobKind, {
  name: 'JobKind',
  description: 'What kind of work it is; later versions may know more.',
  valuesConfig: { NITRO_CONVERSION: { description: 'A docker image becomes an AWS Nitro Enclave image.' } },
});

registerEnumType(JobFailureCode, {
  name: 'JobFailureCode',
  description: 'Why a job failed.',
  valuesConfig: {
    IMAGE_NOT_FOUND: { description: 'The registry has no such repository, tag or blob.' },
    REGISTRY_UNAUTHORIZED: { description: 'The registry did not accept the credentials, or wants some.' },
    REGISTRY_UNREACHABLE: { description: 'The registry did not answer, or not with what was asked for.' },
    REGISTRY_FORBIDDEN_ADDRESS: { description: 'The registry has an address that this gateway may not connect to.' },
    DIGEST_MISMATCH: { description: 'A blob is not what its digest or size says.' },
    IMAGE_INVALID: { description: 'The image breaks the OCI specification, or can not be an enclave.' },
    IMAGE_TOO_LARGE: { description: 'The image exceeds a limit of the converter.' },
    ARCHITECTURE_NOT_AVAILABLE: { description: 'The image exists, but not for the processor asked for.' },
    BLOBS_MISSING: { description: 'Kernel, init or command line for enclaves are not installed.' },
    DISK_FULL: { description: 'There is no room left for temporary files or the store.' },
    CREDENTIALS_UNREADABLE: { description: 'A login kept here was sealed with a key that is not configured any more.' },
    DEADLINE_EXCEEDED: { description: 'It took longer than it may.' },
    WORKER_LOST: { description: 'The process that worked on it ended more than once without a result.' },
    INTERNAL: { description: 'A defect of the gateway; its log has the details.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'The docker image a job wrote.' })
export class OutputImage {
  @Field({ description: 'Reference to pull it by.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Digest of its manifest, once written.' })
  digest!: string | null;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Bytes of all its blobs, once written.' })
  sizeBytes!: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'The image id, sha256 of its config: 64 hex digits. Null before it is written, and in older jobs.',
  })
  imageId?: string | null;

  @Field(() => [Measurement], {
    nullable: true,
    description: 'What attests it where it runs. Null before it is written, and in older jobs.',
  })
  measurements?: MeasuredValue[] | null;
}

@ObjectType({ simpleResolvers: true, description: 'Why a job failed.' })
export class Failure {
  @Field(() => JobFailureCode, { description: 'For programs; the last event of the job has it too.' })
  code!: JobFailureCode;

  @Field({ description: 'What happened, in one sentence.' })
  message!: string;

  @Field({ description: 'What can be done about it.' })
  hint!: string;
}

@ObjectType({ simpleResolvers: true, description: 'A file of the enclave platform that went into a build.' })
export class BootBlob {
  @Field({ description: 'File name, as in the blobs folder of nitro-cli.' })
  name!: string;

  @Field({ description: 'Hex.' })
  sha256!: string;

  @Field(() => GraphQLSafeInt, { description: 'Bytes.' })
  sizeBytes!: number;
}

@ObjectType({ implements: Node, simpleResolvers: true, description: 'Work the gateway does.' })
@Entity('job')
@ForeignKey(() => Account, ['accountId'], ['id'])
@ForeignKey(() => Build, ['accountId', 'buildId'], ['accountId', 'id'])
@Index('job_id', ['id'], { unique: true })
@Index('job_idempotency', ['accountId', 'idempotencyKey'], { unique: true })
@Index('job_join', ['accountId', 'joinKey'], { unique: true })
@Index('job_created', ['accountId', 'createdAt', 'id'])
@Index('job_build', ['accountId', 'buildId'])
@Index('job_status', ['status'])
export class Job implements Node {
  @PrimaryIdColumn()
  accountId!: string;

  @Field(() => ID, { description: 'Twenty-four hex digits.' })
  @PrimaryIdColumn()
  id!: string;

  @Field(() => JobKind, { description: 'What it does; decides whether it has an `outputImage` and makes a `build`.' })
  @WordColumn()
  kind!: JobKind;

  @Field(() => JobStatus, { description: 'Where it is now; a STATUS event tells of every change.' })
  @WordColumn()
  status!: JobStatus;

  @Field(() => JobStep, { nullable: true, description: 'Set while it runs.' })
  @WordColumn({ nullable: true })
  step!: JobStep | null;

  @Field(() => Int, { description: 'Percent, 0 to 100.' })
  @Column({ type: 'integer' })
  progress!: number;

  @Field(() => Int, { description: 'How often it was started; 0 before the first time.' })
  @Column({ type: 'integer' })
  attempt!: number;

  /** How often its process ended without a result; being handed back at a stop is none. */
  @Column({ type: 'integer' })
  losses!: number;

  /** What to do, without secrets; its shape is known to the handler of the kind. */
  @JsonColumn()
  input!: object;

  /** Tells equal requests from different ones, credentials included (a keyed hash). */
  @WordColumn()
  inputFingerprint!: string;

  /** What the job needs to know in secret, encrypted; gone once it is final. */
  @TextColumn({ nullable: true })
  sealedCredentials!: string | null;

  @WordColumn({ nullable: true })
  idempotencyKey!: string | null;

  /** The fingerprint again while the job is not final and may be joined by an equal request. */
  @WordColumn({ nullable: true })
  joinKey!: string | null;

  @JsonColumn()
  requester!: Actor;

  @IdColumn({ nullable: true })
  buildId!: string | null;

  @Field(() => OutputImage, {
    nullable: true,
    description: 'The docker image it writes; null for jobs that write none.',
  })
  @JsonColumn({ nullable: true })
  outputImage!: OutputImage | null;

  @Field(() => [BootBlob], { description: 'The files of the enclave platform it used.' })
  @JsonColumn()
  bootBlobs!: BootBlob[];

  @Field(() => Failure, { nullable: true, description: 'Set once it FAILED.' })
  @JsonColumn({ nullable: true })
  failure!: Failure | null;

  @Field(() => [Warning], { description: 'What deserves a look but stopped nothing.' })
  @JsonColumn()
  warnings!: Warning[];

  /** Number of its last event. */
  @Column({ type: 'bigint' })
  lastSeq!: number;

  @Field({ description: 'When it was asked for; `jobs` is sorted by it.' })
  @TimeColumn()
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: 'When it was first started.' })
  @TimeColumn({ nullable: true })
  startedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: 'When it became final.' })
  @TimeColumn({ nullable: true })
  finishedAt!: Date | null;
}
