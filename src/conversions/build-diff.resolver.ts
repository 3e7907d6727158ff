import { GraphQLSafeInt } from 'graphql-scalars';
import type { ComplexityEstimatorArgs } from 'graphql-query-complexity';
import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Int,
  ObjectType,
  Query,
  registerEnumType,
  Resolver,
  Root,
} from 'type-graphql';
import { requireAccess } from '../auth/principal.js';
import { RequestContext } from '../auth/request-context.js';
import { Build } from '../builds/build.entity.js';
import { Platform } from '../builds/image-attributes.js';
import { badInput } from '../lib/errors.js';
import type { BuildDiffs, ComparedBuilds } from './build-diff.js';
import type { EifDiff as NitroDiff } from '../nitro/eif-diff.js';

/** Two EIFs are read: few comparisons fit into one operation. */
const COMPLEXITY = 20_000;
const LONG_LIST = 1_000;
const longList = ({ childComplexity }: ComplexityEstimatorArgs): number => LONG_LIST * childComplexity;

const FileChange = {
  ...{ ADDED: 'ADDED', REMOVED: 'REMOVED', TYPE: 'TYPE', CONTENT: 'CONTENT', TARGET: 'TARGET', MODE: 'MODE' },
  ...{ OWNER: 'OWNER', TIME: 'TIME', DEVICE: 'DEVICE', ORDER: 'ORDER' },
} as const;
registerEnumType(FileChange, {
  name: 'FileChange',
  description: 'How a file of a ramdisk differs.',
  valuesConfig: {
    ADDED: { description: 'Only the second EIF has it.' },
    REMOVED: { description: 'Only the first EIF has it.' },
    TYPE: { description: 'It was a file and is a directory, say.' },
    CONTENT: { description: 'Its data.' },
    TARGET: { description: 'Where the symlink leads.' },
    MODE: { description: 'Its permissions.' },
    OWNER: { description: 'Its user or group.' },
    TIME: { description: 'When it was modified.' },
    DEVICE: { description: 'The numbers of the device.' },
    ORDER: { description: 'Where it stands in the archive, which is measured too.' },
  },
});

const EnvironmentChange = { ADDED: 'ADDED', REMOVED: 'REMOVED', CHANGED: 'CHANGED', ORDER: 'ORDER' } as const;
registerEnumType(EnvironmentChange, {
  name: 'EnvironmentChange',
  description: 'How an environment variable of the application differs.',
  valuesConfig: {
    ADDED: { description: 'Only the second EIF has it.' },
    REMOVED: { description: 'Only the first EIF has it.' },
    CHANGED: { description: 'Its value.' },
    ORDER: { description: 'Its place, which is measured too.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'A measurement that differs between two builds.' })
class MeasurementDiff {
  @Field(() => Platform, { description: 'What it attests on.' })
  platform!: Platform;

  @Field({ description: 'As `Measurement.name`.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Of the first build; null where it has none.' })
  a!: string | null;

  @Field(() => String, { nullable: true, description: 'Of the second build; null where it has none.' })
  b!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'The data of a section of an EIF.' })
class SectionState {
  @Field({ description: '64 hex digits.' })
  sha256!: string;

  @Field(() => GraphQLSafeInt, { description: 'Bytes.' })
  sizeBytes!: number;
}

@ObjectType({ simpleResolvers: true, description: 'A section of two EIFs.' })
class SectionDiff {
  @Field({ description: 'kernel, cmdline, ramdisk0 (boot), ramdisk1 (application), metadata or signature.' })
  section!: string;

  @Field(() => SectionState, { nullable: true, description: 'In the first EIF; null where it has none.' })
  a!: SectionState | null;

  @Field(() => SectionState, { nullable: true, description: 'In the second EIF; null where it has none.' })
  b!: SectionState | null;

  @Field({ description: 'Whether the data differ.' })
  changed!: boolean;

  @Field(() => [String], { description: 'The registers that a change of it moves: PCR0, PCR1, PCR2, PCR8.' })
  moves!: string[];
}

@ObjectType({ simpleResolvers: true, description: 'A file of a ramdisk.' })
class FileState {
  @Field({ description: 'file, directory, symlink, character, block or fifo.' })
  type!: string;

  @Field(() => Int, { description: 'Permissions: the lower twelve bits.' })
  mode!: number;

  @Field(() => GraphQLSafeInt, { description: 'Its user.' })
  uid!: number;

  @Field(() => GraphQLSafeInt, { description: 'Its group.' })
  gid!: number;

  @Field(() => GraphQLSafeInt, { description: 'When it was modified: seconds since 1970 UTC.' })
  mtime!: number;

  @Field(() => GraphQLSafeInt, { description: 'Bytes of its data.' })
  sizeBytes!: number;

  @Field(() => String, { nullable: true, description: 'Of its data, 64 hex digits; null for what is no file.' })
  sha256!: string | null;

  @Field(() => String, { nullable: true, description: 'Where a symlink leads.' })
  target!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'A file that differs between two EIFs.' })
class FileDiff {
  @Field({ description: 'ramdisk0 (boot) or ramdisk1 (application).' })
  ramdisk!: string;

  @Field({ description: "As in the ramdisk: the application's files are below `rootfs/`." })
  path!: string;

  @Field(() => [FileChange], { description: 'Everything about it that differs.' })
  changes!: (keyof typeof FileChange)[];

  @Field(() => FileState, { nullable: true, description: 'In the first EIF; null where it has none.' })
  a!: FileState | null;

  @Field(() => FileState, { nullable: true, description: 'In the second EIF; null where it has none.' })
  b!: FileState | null;

  @Field(() => [String], { description: 'The registers that it moves.' })
  moves!: string[];
}

@ObjectType({
  simpleResolvers: true,
  description: 'An environment variable that differs. Values may be secrets and are not told.',
})
class VariableDiff {
  @Field({ description: 'Its name.' })
  name!: string;

  @Field(() => EnvironmentChange, { description: 'How it differs.' })
  change!: keyof typeof EnvironmentChange;
}

@ObjectType({ simpleResolvers: true, description: 'What two EIFs start; null where they start the same.' })
class ArgvDiff {
  @Field(() => [String], { nullable: true, complexity: LONG_LIST, description: 'Of the first EIF.' })
  a!: string[] | null;

  @Field(() => [String], { nullable: true, complexity: LONG_LIST, description: 'Of the second EIF.' })
  b!: string[] | null;
}

@ObjectType({ simpleResolvers: true, description: 'A text that differs between two EIFs.' })
class TextDiff {
  @Field(() => String, { nullable: true, description: 'In the first EIF.' })
  a!: string | null;

  @Field(() => String, { nullable: true, description: 'In the second EIF.' })
  b!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'A field of the unmeasured metadata that differs.' })
class MetadataDiff extends TextDiff {
  @Field({ description: '`ImageName`, `BuildMetadata.BuildTime` ...' })
  path!: string;
}

@ObjectType({ simpleResolvers: true, description: 'A register of two EIFs.' })
class RegisterDiff extends TextDiff {
  @Field({ description: 'PCR0, PCR1, PCR2 or PCR8.' })
  name!: string;

  @Field({ description: 'Whether it differs.' })
  moved!: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'The first of what differs, measured parts before others.' })
class FirstDifference {
  @Field({ description: 'As `SectionDiff.section`.' })
  section!: string;

  @Field(() => String, { nullable: true, description: 'Path in the ramdisk, where it lies in one.' })
  file!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'What differs between two EIFs.' })
class EifDiff {
  @Field({ description: 'Whether they are the same, byte for byte.' })
  identical!: boolean;

  @Field(() => [RegisterDiff], { description: 'All registers, moved or not.' })
  pcrs!: RegisterDiff[];

  @Field(() => FirstDifference, { nullable: true, description: 'Null where they are identical.' })
  firstDifference!: FirstDifference | null;

  @Field(() => [SectionDiff], { description: 'All sections, changed or not.' })
  sections!: SectionDiff[];

  @Field(() => Int, { description: 'Files that differ.' })
  fileCount!: number;

  @Field({ description: 'Whether the kernel is another one.' })
  kernelChanged!: boolean;

  @Field({ description: "Whether AWS's init in the boot ramdisk is another one." })
  initChanged!: boolean;

  @Field(() => TextDiff, { nullable: true, description: "The kernel's command line; null where it is the same." })
  cmdline!: TextDiff | null;

  @Field(() => ArgvDiff, { nullable: true, description: 'The command; null where it is the same.' })
  argv!: ArgvDiff | null;

  @Field(() => [VariableDiff], {
    complexity: longList,
    description: 'Environment variables that differ; at most 1000.',
  })
  env!: VariableDiff[];

  @Field(() => [MetadataDiff], {
    complexity: longList,
    description: 'What differs in the metadata, which nothing measures; at most 1000 fields.',
  })
  metadata!: MetadataDiff[];

  @Field(() => [String], { description: 'What could not be compared; sentences for people.' })
  notes!: string[];
}

@ObjectType({ simpleResolvers: true, description: 'What changed between two builds.' })
class BuildDiff {
  @Field(() => Build, { description: 'The first one.' })
  a!: Build;

  @Field(() => Build, { description: 'The second one.' })
  b!: Build;

  @Field(() => [MeasurementDiff], { description: 'Measurements that differ; empty where all are the same.' })
  measurements!: MeasurementDiff[];

  @Field(() => EifDiff, { nullable: true, description: 'Null where one of them was not converted here.' })
  eif!: NitroDiff | null;
}

@Resolver(() => EifDiff)
export class EifDiffResolver {
  @FieldResolver(() => [FileDiff], { description: 'Those that differ; `fileCount` counts all.' })
  files(
    @Root() diff: NitroDiff,
    @Arg('first', () => Int, { defaultValue: 100, description: 'How many; at most 1000.' }) first: number,
  ): NitroDiff['files'] {
    if (first < 0 || first > LONG_LIST) throw badInput(`\`first\` must be between 0 and ${LONG_LIST}.`, 'first');
    return diff.files.slice(0, first);
  }
}

@Resolver()
export class BuildDiffResolver {
  constructor(private readonly diffs: BuildDiffs) {}

  @Query(() => BuildDiff, {
    complexity: COMPLEXITY,
    description:
      'Compares two builds: measurements, and for conversions the EIFs section by section and file by file, with the registers that each change moves. Reads both EIFs from where they were pushed, which takes seconds for large ones; where that is a registry that wants a login, there has to be a stored one for it (createRegistryCredential). NOT_FOUND for unknown builds, UPSTREAM_FAILED where an EIF can not be had any more, TOO_MANY_REQUESTS while two others of the account, or many of all, are compared.',
  })
  buildDiff(
    @Ctx() context: RequestContext,
    @Arg('a', () => ID, { description: 'A build.' }) a: string,
    @Arg('b', () => ID, { description: 'The build to compare it with.' }) b: string,
  ): Promise<ComparedBuilds> {
    requireAccess(context.principal, 'READER');
    return this.diffs.compare(context.principal.accountId, a, b);
  }
}
