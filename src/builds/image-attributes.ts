// What attests a build: one class per platform, kept as received, with the key it is stored under and its platform
// as discriminator (CCM's ImageAttributes).
import { createUnionType, Field, InputType, ObjectType, registerEnumType } from 'type-graphql';

export enum Platform {
  SGX = 'SGX',
  NITRO_ENCLAVE = 'NITRO_ENCLAVE',
  ACI = 'ACI',
  AZURE_CVM = 'AZURE_CVM',
  BAREMETAL_TDX = 'BAREMETAL_TDX',
  BAREMETAL_AMD_SEV_SNP = 'BAREMETAL_AMD_SEV_SNP',
}
registerEnumType(Platform, {
  name: 'Platform',
  valuesConfig: {
    SGX: { description: 'Intel SGX enclaves.' },
    NITRO_ENCLAVE: { description: 'AWS Nitro Enclaves.' },
    ACI: { description: 'Confidential containers on Azure Container Instances.' },
    AZURE_CVM: { description: 'Azure confidential virtual machines.' },
    BAREMETAL_TDX: { description: 'Intel TDX on bare metal.' },
    BAREMETAL_AMD_SEV_SNP: { description: 'AMD SEV-SNP on bare metal.' },
  },
});

export enum NitroHashAlgorithm {
  SHA384 = 'SHA384',
}
registerEnumType(NitroHashAlgorithm, { name: 'NitroHashAlgorithm', description: "CCM writes 'Sha384'." });

export enum TpmHashAlgorithm {
  SHA256 = 'SHA256',
}
registerEnumType(TpmHashAlgorithm, { name: 'TpmHashAlgorithm' });

export enum SevSnpVmpl {
  VMPL0 = 'VMPL0',
  VMPL1 = 'VMPL1',
  VMPL2 = 'VMPL2',
  VMPL3 = 'VMPL3',
}
registerEnumType(SevSnpVmpl, {
  name: 'SevSnpVmpl',
  description: 'Virtual machine privilege level; CCM writes it in lower case.',
});

export enum CoprocessorAttestation {
  IGNORED = 'IGNORED',
  REQUIRED = 'REQUIRED',
}
registerEnumType(CoprocessorAttestation, { name: 'CoprocessorAttestation' });

export enum GpuVendor {
  NVIDIA = 'NVIDIA',
}
registerEnumType(GpuVendor, { name: 'GpuVendor' });

@ObjectType({ simpleResolvers: true, description: 'Whether a coprocessor must be attested too.' })
@InputType('CoprocessorInput')
export class Coprocessor {
  @Field(() => CoprocessorAttestation)
  attestation!: CoprocessorAttestation;

  @Field(() => GpuVendor, { nullable: true })
  gpuVendor?: GpuVendor;
}

@ObjectType('SgxFields', { simpleResolvers: true })
@InputType('SgxAttributesInput')
export class SgxAttributes {
  @Field({ description: 'Measurement of the enclave, 64 hex digits.' })
  mrenclave!: string;

  @Field(() => [String], { nullable: true })
  features?: string[];
}

@ObjectType('NitroEnclaveFields', { simpleResolvers: true })
@InputType('NitroEnclaveAttributesInput')
export class NitroEnclaveAttributes {
  @Field(() => NitroHashAlgorithm)
  hashAlgorithm!: NitroHashAlgorithm;

  @Field({ description: 'Measurement of the whole image file without section headers, 96 hex digits.' })
  pcr0!: string;

  @Field({
    description:
      'Measurement of kernel and boot ramdisk: equal for all builds made with the same blobs. 96 hex digits.',
  })
  pcr1!: string;

  @Field({ description: 'Measurement of the application, without the boot ramdisk. 96 hex digits.' })
  pcr2!: string;
}

@ObjectType('AciFields', { simpleResolvers: true })
@InputType('AciAttributesInput')
export class AciAttributes {
  @Field({ description: 'Base64 output of `az confcom acipolicygen`; measured as the sha256 of what it decodes to.' })
  policy!: string;
}

export const TPM_PCR_COUNT = 23;

@ObjectType({ simpleResolvers: true, description: 'Values of TPM registers to enforce, each 64 hex digits.' })
@InputType('TpmPcrsInput')
export class TpmPcrs {
  @Field(() => TpmHashAlgorithm)
  hashAlg!: TpmHashAlgorithm;

  [pcr: `pcr${number}`]: string | undefined;
}
for (let index = 0; index < TPM_PCR_COUNT; index += 1) {
  Field(() => String, { nullable: true })(TpmPcrs.prototype, `pcr${index}`);
}

@ObjectType('AzureCvmFields', { simpleResolvers: true })
@InputType('AzureCvmAttributesInput')
export class AzureCvmAttributes {
  @Field(() => TpmPcrs)
  pcrs!: TpmPcrs;

  @Field(() => [Coprocessor])
  coprocessors!: Coprocessor[];
}

@ObjectType('BaremetalTdxFields', { simpleResolvers: true })
@InputType('BaremetalTdxAttributesInput')
export class BaremetalTdxAttributes {
  @Field({ description: 'Measurement of the TD firmware, 96 hex digits.' })
  mrtd!: string;

  @Field({ description: 'Firmware and platform measurements, 96 hex digits.' })
  rtmr0!: string;

  @Field({ description: 'Kernel (direct boot) or boot chain (indirect boot), 96 hex digits.' })
  rtmr1!: string;

  @Field({ description: 'Kernel command line and initrd, 96 hex digits.' })
  rtmr2!: string;

  @Field({ description: 'Extended at run time, 96 hex digits.' })
  rtmr3!: string;

  @Field(() => [Coprocessor])
  coprocessors!: Coprocessor[];
}

@ObjectType('BaremetalAmdSevSnpFields', { simpleResolvers: true })
@InputType('BaremetalAmdSevSnpAttributesInput')
export class BaremetalAmdSevSnpAttributes {
  @Field({ description: 'Launch measurement of the guest, 96 hex digits.' })
  measurement!: string;

  @Field(() => SevSnpVmpl)
  vmpl!: SevSnpVmpl;

  @Field(() => [Coprocessor])
  coprocessors!: Coprocessor[];
}

/** The member of an input, and of CCM's wire, that belongs to each platform. */
export const PLATFORM_MEMBERS = [
  [Platform.SGX, 'sgx', SgxAttributes],
  [Platform.NITRO_ENCLAVE, 'nitroEnclave', NitroEnclaveAttributes],
  [Platform.ACI, 'aci', AciAttributes],
  [Platform.AZURE_CVM, 'azureCvm', AzureCvmAttributes],
  [Platform.BAREMETAL_TDX, 'baremetalTdx', BaremetalTdxAttributes],
  [Platform.BAREMETAL_AMD_SEV_SNP, 'baremetalAmdSevSnp', BaremetalAmdSevSnpAttributes],
] as const;

interface Stored<P extends Platform> {
  key: string;
  platform: P;
}

/** One entry of a build's attributes as it is stored and answered. */
export type StoredAttributes =
  | (Stored<Platform.SGX> & SgxAttributes)
  | (Stored<Platform.NITRO_ENCLAVE> & NitroEnclaveAttributes)
  | (Stored<Platform.ACI> & AciAttributes)
  | (Stored<Platform.AZURE_CVM> & AzureCvmAttributes)
  | (Stored<Platform.BAREMETAL_TDX> & BaremetalTdxAttributes)
  | (Stored<Platform.BAREMETAL_AMD_SEV_SNP> & BaremetalAmdSevSnpAttributes);

/** The type an answer has: an input's fields and the key, which inputs give one level higher. */
function answerType(fields: (typeof PLATFORM_MEMBERS)[number][2]) {
  @ObjectType(fields.name, { simpleResolvers: true })
  class KeyedAttributes extends (fields as new () => object) {
    @Field({ description: 'The name it is stored under: unique in its build.' })
    key!: string;
  }
  return KeyedAttributes;
}

const answerTypes = PLATFORM_MEMBERS.map(([, , fields]) => answerType(fields));
const typeNames = new Map(PLATFORM_MEMBERS.map(([platform, , fields]) => [platform, fields.name]));

export const ImageAttributes = createUnionType({
  name: 'ImageAttributes',
  description: 'What attests a build on one platform.',
  types: () => answerTypes as never,
  resolveType: (value: StoredAttributes) => typeNames.get(value.platform),
});

@InputType({ description: 'Attributes of one platform: exactly one member beside `key`.' })
export class ImageAttributesInput {
  @Field(() => String, {
    nullable: true,
    description: "Unique in the build; CCM's name of the platform where left out.",
  })
  key?: string;

  @Field(() => SgxAttributes, { nullable: true })
  sgx?: SgxAttributes;

  @Field(() => NitroEnclaveAttributes, { nullable: true })
  nitroEnclave?: NitroEnclaveAttributes;

  @Field(() => AciAttributes, { nullable: true })
  aci?: AciAttributes;

  @Field(() => AzureCvmAttributes, { nullable: true })
  azureCvm?: AzureCvmAttributes;

  @Field(() => BaremetalTdxAttributes, { nullable: true })
  baremetalTdx?: BaremetalTdxAttributes;

  @Field(() => BaremetalAmdSevSnpAttributes, { nullable: true })
  baremetalAmdSevSnp?: BaremetalAmdSevSnpAttributes;
}
