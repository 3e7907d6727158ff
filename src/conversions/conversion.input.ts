import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { Architecture } from '../builds/build-parts.js';

@InputType({ description: 'Credentials for a docker registry; kept encrypted, and only until the job is final.' })
export class RegistryAuthInput {
  @Field({ description: 'Shown to the registry of this image, and to the token service it names, only.' })
  username!: string;

  @Field(() => String, { nullable: true, description: 'Or an access token; empty where left out.' })
  password?: string;
}

@InputType({ description: 'A docker image by name.' })
export class ImageInput {
  @Field({ description: '`[host[:port]/]repository[:tag][@digest]`; Docker Hub where no host is given.' })
  name!: string;

  @Field(() => RegistryAuthInput, {
    nullable: true,
    description:
      'Needed where the registry wants a login. Left out: the login stored for it (createRegistryCredential), if any.',
  })
  auth?: RegistryAuthInput;
}

@InputType({ description: "What becomes of the image's command and environment (CCM's ConverterOptions)." })
export class ConverterOptionsInput {
  @Field(() => [String], {
    nullable: true,
    description: "Replaces the image's ENTRYPOINT; its CMD is dropped then, unless `entrypointArgs` is given.",
  })
  entrypoint?: string[];

  @Field(() => [String], { nullable: true, description: "Replaces the image's CMD." })
  entrypointArgs?: string[];

  @Field(() => [String], {
    nullable: true,
    description: "`NAME=value`, after the image's ENV; the last value of a name wins.",
  })
  envVars?: string[];

  @Field(() => [String], {
    nullable: true,
    description: "`NAME=value`, after `envVars`. AWS's init can not change them later.",
  })
  mutableEnvVars?: string[];

  @Field(() => Boolean, { nullable: true, description: 'Accepted, without effect; answered with a warning.' })
  addCcmCaCertificates?: boolean;

  @Field(() => Boolean, { nullable: true, description: 'Accepted, without effect; answered with a warning.' })
  allowCmdlineArgs?: boolean;

  @Field(() => Boolean, { nullable: true, description: 'Accepted, without effect; answered with a warning.' })
  debug?: boolean;

  @Field(() => String, { nullable: true, description: 'Accepted, without effect; answered with a warning.' })
  javaMode?: string;
}

@InputType({ description: 'What the enclave gets where it runs; not part of the image.' })
export class NitroEnclavesOptionsInput {
  @Field(() => Int, { nullable: true, description: 'Processors, at least 1.' })
  cpuCount?: number;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Memory in MiB, at least 64.' })
  memSizeMb?: number;

  @Field(() => Boolean, {
    nullable: true,
    description: "Kept with the build; AWS's init has no overlay, so true is answered with a warning.",
  })
  enableOverlayFilesystemPersistence?: boolean;
}

export const SigningMode = { NONE: 'NONE', GATEWAY: 'GATEWAY', EXTERNAL: 'EXTERNAL' } as const;
export type SigningMode = keyof typeof SigningMode;
registerEnumType(SigningMode, {
  name: 'SigningMode',
  description: 'Whose key signs an EIF.',
  valuesConfig: {
    NONE: { description: 'Nobody signs: there is no PCR8.' },
    GATEWAY: {
      description:
        'The key that the operator configured, one for all accounts. FEATURE_NOT_SUPPORTED where there is none.',
    },
    EXTERNAL: {
      description:
        'A key elsewhere: the job is WAITING once PCR0 is known, `signing` says what to sign, and `attachSignature` lets it go on.',
    },
  },
});

@InputType({ description: 'Who signs the EIF, and by which certificate.' })
export class SigningInput {
  @Field(() => SigningMode, { description: 'Whose key signs.' })
  by!: SigningMode;

  @Field(() => String, {
    nullable: true,
    description:
      'With EXTERNAL, and only then: the certificate in PEM, whose key is on P-256, P-384 or P-521; a chain may follow. It becomes part of the EIF.',
  })
  certificate?: string;
}

@InputType({ description: 'A docker image to be converted to an AWS Nitro Enclave image.' })
export class ConvertNitroImageInput {
  @Field(() => ID, { nullable: true, description: 'The app the build will belong to.' })
  appId?: string;

  @Field(() => ImageInput, { description: 'The docker image to convert.' })
  inputImage!: ImageInput;

  @Field(() => ImageInput, {
    nullable: true,
    description:
      "Where the result is written. Left out: into the gateway's store, under the repository of the input; the tag tells apart what the result depends on.",
  })
  outputImage?: ImageInput;

  @Field(() => ConverterOptionsInput, {
    nullable: true,
    description: "Left out: the image's own command and environment.",
  })
  converterOptions?: ConverterOptionsInput;

  @Field(() => NitroEnclavesOptionsInput, {
    nullable: true,
    description:
      "What is left out comes from the app's `defaultBuildSettings.nitroEnclaves`; without an app the build tells nothing of it.",
  })
  nitroEnclavesOptions?: NitroEnclavesOptionsInput;

  @Field(() => Architecture, { nullable: true, description: 'Processor of the enclave; AMD64 where left out.' })
  architecture?: Architecture;

  @Field(() => SigningInput, {
    nullable: true,
    description: 'Left out: by the key of the gateway where one is configured, else by nobody.',
  })
  signing?: SigningInput;

  @Field(() => Int, {
    nullable: true,
    description:
      'How long one run of the job may take, in seconds, at least 1; what the operator allows (two hours unless changed) is the longest anyway.',
  })
  timeoutSeconds?: number;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key with the same input answers the same job; with another input CONFLICT. 1 to 255 characters.',
  })
  idempotencyKey?: string;

  @Field(() => Boolean, {
    defaultValue: true,
    description:
      'False to convert and push only: the job then has no `build`, and `outputImage.measurements` says what attests the result. Part of what idempotencyKey compares.',
  })
  register?: boolean;
}

@InputType({ description: 'Which conversion to do again. Its credentials are gone and have to be given again.' })
export class RetryJobInput {
  @Field(() => ID, { description: 'A job that FAILED or was CANCELLED.' })
  jobId!: string;

  @Field(() => RegistryAuthInput, { nullable: true, description: 'As `inputImage.auth` of the conversion.' })
  inputAuth?: RegistryAuthInput;

  @Field(() => RegistryAuthInput, { nullable: true, description: 'As `outputImage.auth` of the conversion.' })
  outputAuth?: RegistryAuthInput;
}

@InputType({ description: 'A signature that was made elsewhere.' })
export class AttachSignatureInput {
  @Field(() => ID, { description: 'A job that is WAITING.' })
  jobId!: string;

  @Field({
    description:
      'Over `signing.toBeSigned` (or its `digest`) by the key of the certificate: r and s one after the other, or DER as AWS KMS and OpenSSL write it, in base64 or hex. Checked before the job goes on.',
  })
  signature!: string;
}

@InputType({ description: 'Which build to make again. Credentials as for its conversion, where they are not stored.' })
export class ReproduceBuildInput {
  @Field(() => ID, { description: 'FEATURE_NOT_SUPPORTED where it has no recipe.' })
  buildId!: string;

  @Field(() => RegistryAuthInput, { nullable: true, description: 'To pull the input image.' })
  inputAuth?: RegistryAuthInput;

  @Field(() => RegistryAuthInput, { nullable: true, description: 'To pull what was pushed, if it differs.' })
  outputAuth?: RegistryAuthInput;
}
