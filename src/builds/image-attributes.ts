// What attests a build: one class per platform, kept as received, with the key it is stored under and its platform
// as discriminator (CCM's ImageAttributes).
import { createUnionType, Field, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { BothWays } from '../lib/both-ways.js';
import { TpmPcrs } from './tpm-pcrs.js';

export { TPM_PCR_COUNT, TpmHashAlgorithm } from './tpm-pcrs.js';

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
  description: 'What a build runs on and is attested by. CCM writes the same names in lower case.',
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
registerEnumType(NitroHashAlgorithm, {
  name: 'NitroHashAlgorithm',
  description: "CCM writes 'Sha384'.",
  valuesConfig: { SHA384: { description: '48 bytes, 96 hex digits; the only one CCM knows.' } },
});

export enum SevSnpVmpl {
  VMPL0 = 'VMPL0',
  VMPL1 = 'VMPL1',
  VMPL2 = 'VMPL2',
  VMPL3 = 'VMPL3',
}
registerEnumType(SevSnpVmpl, {
  name: 'SevSnpVmpl',
  description: 'Virtual machine privilege level; CCM writes it in lower case.',
  valuesConfig: {
    VMPL0: { description: 'The most privileged: the whole guest, unless a service module runs below it.' },
    VMPL1: { description: 'May do what VMPL0 grants it.' },
    VMPL2: { description: 'May do what VMPL0 and VMPL1 grant it.' },
    VMPL3: { description: 'The least privileged.' },
  },
});

export enum CoprocessorAttestation {
  IGNORED = 'IGNORED',
  REQUIRED = 'REQUIRED',
}
registerEnumType(CoprocessorAttestation, {
  name: 'CoprocessorAttestation',
  description: "Whether a coprocessor must prove itself too. CCM writes 'Ignored' and 'Required'.",
  valuesConfig: {
    IGNORED: { description: 'The build is trusted without it.' },
    REQUIRED: { description: 'The build is trusted only together with it.' },
  },
});

export enum GpuVendor {
  NVIDIA = 'NVIDIA',
}
registerEnumType(GpuVendor, {
  name: 'GpuVendor',
  description: "Who made a GPU. CCM writes 'Nvidia'.",
  valuesConfig: { NVIDIA: { description: 'The only one CCM knows.' } },
});

@BothWays('A GPU beside the processor, and whether it must be attested too.')
export class Coprocessor {
  @Field(() => CoprocessorAttestation, { description: 'Whether trust in the build depends on it.' })
  attestation!: CoprocessorAttestation;

  @Field(() => GpuVendor, { nullable: true, description: 'Null where none was named.' })
  gpuVendor?: GpuVendor;
}

const descriptions = new Map<object, string>();

/** An input, and the fields of the type that `answerType` makes of it. */
const PlatformAttributes =
  (description: string): ClassDecorator =>
  (target) => {
    descriptions.set(target, description);
    ObjectType(target.name.replace(/Attributes$/, 'Fields'), { simpleResolvers: true })(target);
    InputType(`${target.name}Input`, { description })(target);
  };

@PlatformAttributes('An Intel SGX enclave, attested by MRENCLAVE; its signer and versions are in `enclaveInfo`.')
export class SgxAttributes {
  @Field({ description: 'Measurement of the enclave, 64 hex digits.' })
  mrenclave!: string;

  @Field(() => [String], { nullable: true, description: 'Kept as given and not measured; CCM names no values.' })
  features?: string[];
}

@PlatformAttributes('An AWS Nitro Enclave, attested by the PCRs of its image (EIF).')
export class NitroEnclaveAttributes {
  @Field(() => NitroHashAlgorithm, { description: 'What the PCRs are made with.' })
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

  @Field(() => String, {
    nullable: true,
    description: 'Measurement of the certificate whose key signed the image, 96 hex digits; null where nobody did.',
  })
  pcr8?: string | null;
}

@PlatformAttributes(
  'Confidential containers on Azure Container Instances, attested by the policy they are started with.',
)
export class AciAttributes {
  @Field({ description: 'Base64 output of `az confcom acipolicygen`; measured as the sha256 of what it decodes to.' })
  policy!: string;
}

@PlatformAttributes('An Azure confidential virtual machine, attested by registers of its virtual TPM.')
export class AzureCvmAttributes {
  @Field(() => TpmPcrs, { description: 'The registers to enforce; each one given becomes a measurement.' })
  pcrs!: TpmPcrs;

  @Field(() => [Coprocessor], { description: 'GPUs of the machine; empty where only the processor attests.' })
  coprocessors!: Coprocessor[];
}

@PlatformAttributes('An Intel TDX guest on bare metal, attested by MRTD and the four RTMRs.')
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

  @Field(() => [Coprocessor], { description: 'GPUs of the machine; empty where only the processor attests.' })
  coprocessors!: Coprocessor[];
}

@PlatformAttributes('An AMD SEV-SNP guest on bare metal, attested by its launch measurement.')
export class BaremetalAmdSevSnpAttributes {
  @Field({ description: 'Launch measurement of the guest, 96 hex digits.' })
  measurement!: string;

  @Field(() => SevSnpVmpl, {
    description: 'Level from which the attestation report is asked for; the report tells it.',
  })
  vmpl!: SevSnpVmpl;

  @Field(() => [Coprocessor], { description: 'GPUs of the machine; empty where only the processor attests.' })
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
  @ObjectType(fields.name, { simpleResolvers: true, description: descriptions.get(fields) })
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

  @Field(() => SgxAttributes, {
    nullable: true,
    description: 'The build will be found by mrenclave; `key` is `sgx` where left out.',
  })
  sgx?: SgxAttributes;

  @Field(() => NitroEnclaveAttributes, {
    nullable: true,
    description: 'The build will be found by pcr0, pcr1, pcr2 and pcr8; `key` is `nitro_enclave` where left out.',
  })
  nitroEnclave?: NitroEnclaveAttributes;

  @Field(() => AciAttributes, {
    nullable: true,
    description: 'The build will be found by the sha256 of its policy; `key` is `aci` where left out.',
  })
  aci?: AciAttributes;

  @Field(() => AzureCvmAttributes, {
    nullable: true,
    description: 'The build will be found by each PCR given; `key` is `azure_cvm` where left out.',
  })
  azureCvm?: AzureCvmAttributes;

  @Field(() => BaremetalTdxAttributes, {
    nullable: true,
    description: 'The build will be found by mrtd and rtmr0 to rtmr3; `key` is `baremetal_tdx` where left out.',
  })
  baremetalTdx?: BaremetalTdxAttributes;

  @Field(() => BaremetalAmdSevSnpAttributes, {
    nullable: true,
    description: 'The build will be found by measurement; `key` is `baremetal_amd_sev_snp` where left out.',
  })
  baremetalAmdSevSnp?: BaremetalAmdSevSnpAttributes;
}
