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
  REPRODUCTION = 'REPRODUCTION',
  IMAGE_IMPORT = 'IMAGE_IMPORT',
  IMAGE_DELETE = 'IMAGE_DELETE',
  IMAGE_PRUNE = 'IMAGE_PRUNE',
  SOURCE_SYNC = 'SOURCE_SYNC',
  REVIEW_WRITE_BACK = 'REVIEW_WRITE_BACK',
}
registerEnumType(JobKind, {
  name: 'JobKind',
  description: 'What kind of work it is; later versions may know more.',
  valuesConfig: {
    NITRO_CONVERSION: { description: 'A docker image becomes an AWS Nitro Enclave image.' },
    REPRODUCTION: { description: 'A build is made again from its recipe and compared with what was made before.' },
    IMAGE_IMPORT: { description: 'The docker image of a Cycle image source is pulled into the store and measured.' },
    IMAGE_DELETE: { description: 'A Cycle image, or an image source, is deleted with what the store holds of it.' },
    IMAGE_PRUNE: { description: 'Cycle images that nothing uses are deleted.' },
    SOURCE_SYNC: { description: 'Builds are imported from a source.' },
    REVIEW_WRITE_BACK: { description: 'A decision made here is told to the source of the build, at most once.' },
  },
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
    IMAGE_IN_USE: { description: 'A node runs what was to be deleted.' },
    DISK_FULL: { description: 'There is no room left for temporary files or the store.' },
    CREDENTIALS_UNREADABLE: { description: 'A login kept here was sealed with a key that is not configured any more.' },
    SIGNATURE_INVALID: { description: 'What was signed is not what the image measures now, or its key is gone.' },
    SOURCE_NOT_FOUND: { description: 'The source was deleted in the meantime.' },
    SOURCE_UNAUTHORIZED: { description: 'The source did not accept the credentials, or they may not read there.' },
    SOURCE_UNREACHABLE: { description: 'The source did not answer, or not for long enough.' },
    SOURCE_FORBIDDEN_ADDRESS: { description: 'The source has an address that this gateway may not connect to.' },
    SOURCE_INVALID: { description: 'What the source answered makes no sense, or has no end.' },
    WRITE_BACK_REFUSED: { description: 'The source did not take a decision that was made here.' },
    WRITE_BACK_UNKNOWN: { description: 'Whether the source took a decision is not known; it is not sent again.' },
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

@ObjectType({ simpleResolvers: true, description: 'What a WAITING job wants signed, by the key of a certificate.' })
export class SigningRequest {
  @Field({ description: 'ES256, ES384 or ES512, by the curve of the certificate (RFC 9053).' })
  algorithm!: string;

  @Field({ description: 'What the enclave measures, 96 hex digits: it is what the signature vouches for.' })
  pcr0!: string;

  @Field({
    description:
      "Hash of `toBeSigned` by the algorithm's own hash function, hex: for signers that take a digest (AWS KMS with MessageType DIGEST).",
  })
  digest!: string;

  @Field({ description: "Base64 of the COSE Sig_structure (RFC 9052, 4.4) around AWS's payload with PCR0." })
  toBeSigned!: string;

  @Field({ description: 'Register of the certificate, 96 hex digits; becomes a measurement of the build.' })
  pcr8!: string;

  @Field({ description: 'When the job fails with DEADLINE_EXCEEDED unless `attachSignature` came.' })
  expiresAt!: Date;

  /** Base64 of r and s, once attached. */
  signature?: string;

  /** The input image was resolved to this: what is signed must be what is built. */
  imageDigest!: string;
}

export const ReproductionVerdict = { IDENTICAL: 'IDENTICAL', DIFFERENT: 'DIFFERENT' } as const;
export type ReproductionVerdict = keyof typeof ReproductionVerdict;
registerEnumType(ReproductionVerdict, {
  name: 'ReproductionVerdict',
  description: 'What making a build again came to.',
  valuesConfig: {
    IDENTICAL: { description: 'The same bytes, but for a signature, which is never the same twice.' },
    DIFFERENT: { description: 'Something differs; the first of it is named.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'What making a build again came to.' })
export class Reproduction {
  @Field(() => ReproductionVerdict, { description: 'Whether the same came out.' })
  verdict!: ReproductionVerdict;

  @Field(() => String, {
    nullable: true,
    description:
      'The first section of the EIF that differs: kernel, cmdline, ramdisk0 (boot), ramdisk1 (application), metadata, or header; null if none.',
  })
  section?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The first file that differs in that section, by its path in the ramdisk; null where it has none.',
  })
  file?: string | null;

  @Field(() => [Measurement], { description: 'PCR0, PCR1 and PCR2 of what came out this time.' })
  measurements!: MeasuredValue[];
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
@Index('job_retry', ['accountId', 'retryOf'])
@ForeignKey(() => Job, ['accountId', 'retryOf'], ['accountId', 'id'])
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

  /** The job whose place it takes; the field `retryOf` answers it. */
  @IdColumn({ nullable: true })
  retryOf!: string | null;

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

  @Field(() => SigningRequest, {
    nullable: true,
    description: 'What is to be signed elsewhere; null for jobs that are not signed so, and before they come to it.',
  })
  @JsonColumn({ nullable: true })
  signing!: SigningRequest | null;

  @Field(() => Reproduction, { nullable: true, description: 'Set once a REPRODUCTION succeeded.' })
  @JsonColumn({ nullable: true })
  reproduction!: Reproduction | null;

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
