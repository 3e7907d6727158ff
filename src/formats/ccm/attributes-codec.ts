// What attests a build, between CCM's wire (a map from key to an object with one member, the platform) and ours.
import { Platform, TPM_PCR_COUNT } from '../../builds/image-attributes.js';
import type {
  AzureCvmAttributes,
  BaremetalAmdSevSnpAttributes,
  BaremetalTdxAttributes,
  Coprocessor,
  ImageAttributesInput,
  NitroEnclaveAttributes,
  SgxAttributes,
  StoredAttributes,
} from '../../builds/image-attributes.js';
import { attestationSpelling, gpuVendorSpelling, nitroHashSpelling, tpmHashSpelling, vmplSpelling } from './enums.js';
import type {
  WireAzureCvm,
  WireBaremetalAmdSevSnp,
  WireBaremetalTdx,
  WireCoprocessor,
  WireImageAttributes,
  WireNitroEnclave,
  WireSgx,
} from './wire.js';

export const toWireAttributes = (attributes: StoredAttributes[]): Record<string, WireImageAttributes> =>
  Object.fromEntries(attributes.map((entry) => [entry.key, toWireEntry(entry)]));

/** CCM allows an entry without any platform; it attests nothing and is not kept. */
export const fromWireAttributes = (attributes: Record<string, WireImageAttributes>): ImageAttributesInput[] =>
  Object.entries(attributes)
    .filter(([, entry]) => Object.keys(entry).length > 0)
    .map(([key, entry]) => ({ key, ...fromWireEntry(entry) }));

function toWireEntry(entry: StoredAttributes): WireImageAttributes {
  switch (entry.platform) {
    case Platform.SGX:
      return { sgx: sgx(entry) };
    case Platform.NITRO_ENCLAVE:
      return { nitro_enclave: toWireNitroEnclave(entry) };
    case Platform.ACI:
      return { aci: { policy: entry.policy } };
    case Platform.AZURE_CVM:
      return { azure_cvm: toWireAzureCvm(entry) };
    case Platform.BAREMETAL_TDX:
      return { baremetal_tdx: toWireBaremetalTdx(entry) };
    case Platform.BAREMETAL_AMD_SEV_SNP:
      return { baremetal_amd_sev_snp: toWireBaremetalAmdSevSnp(entry) };
  }
}

function fromWireEntry(entry: WireImageAttributes): Omit<ImageAttributesInput, 'key'> {
  return {
    sgx: entry.sgx && sgx(entry.sgx),
    nitroEnclave: entry.nitro_enclave && fromWireNitroEnclave(entry.nitro_enclave),
    aci: entry.aci && { policy: entry.aci.policy },
    azureCvm: entry.azure_cvm && fromWireAzureCvm(entry.azure_cvm),
    baremetalTdx: entry.baremetal_tdx && fromWireBaremetalTdx(entry.baremetal_tdx),
    baremetalAmdSevSnp: entry.baremetal_amd_sev_snp && fromWireBaremetalAmdSevSnp(entry.baremetal_amd_sev_snp),
  };
}

/** The one that is spelled alike on both sides. */
const sgx = ({ mrenclave, features }: SgxAttributes | WireSgx) => ({ mrenclave, features });

const toWireNitroEnclave = ({ hashAlgorithm, pcr0, pcr1, pcr2 }: NitroEnclaveAttributes): WireNitroEnclave => ({
  hash_algorithm: nitroHashSpelling.toWire(hashAlgorithm),
  ...{ pcr0, pcr1, pcr2 },
});

const fromWireNitroEnclave = ({ hash_algorithm, pcr0, pcr1, pcr2 }: WireNitroEnclave): NitroEnclaveAttributes => ({
  hashAlgorithm: nitroHashSpelling.fromWire(hash_algorithm),
  ...{ pcr0, pcr1, pcr2 },
});

const toWireAzureCvm = ({ pcrs, coprocessors }: AzureCvmAttributes): WireAzureCvm => ({
  pcrs: { hash_alg: tpmHashSpelling.toWire(pcrs.hashAlg), ...tpmValues(pcrs) },
  coprocessors: coprocessors.map(toWireCoprocessor),
});

const fromWireAzureCvm = ({ pcrs, coprocessors }: WireAzureCvm): AzureCvmAttributes => ({
  pcrs: { hashAlg: tpmHashSpelling.fromWire(pcrs.hash_alg), ...tpmValues(pcrs) },
  coprocessors: coprocessors.map(fromWireCoprocessor),
});

type TpmValues = Record<`pcr${number}`, string | undefined>;

const TPM_PCRS = Array.from({ length: TPM_PCR_COUNT }, (_, index) => `pcr${index}` as const);

const tpmValues = (pcrs: TpmValues): TpmValues => Object.fromEntries(TPM_PCRS.map((name) => [name, pcrs[name]]));

const toWireBaremetalTdx = (attributes: BaremetalTdxAttributes): WireBaremetalTdx => {
  const { mrtd, rtmr0, rtmr1, rtmr2, rtmr3, coprocessors } = attributes;
  return { mrtd, rtmr0, rtmr1, rtmr2, rtmr3, coprocessors: coprocessors.map(toWireCoprocessor) };
};

const fromWireBaremetalTdx = (attributes: WireBaremetalTdx): BaremetalTdxAttributes => {
  const { mrtd, rtmr0, rtmr1, rtmr2, rtmr3, coprocessors } = attributes;
  return { mrtd, rtmr0, rtmr1, rtmr2, rtmr3, coprocessors: coprocessors.map(fromWireCoprocessor) };
};

const toWireBaremetalAmdSevSnp = (attributes: BaremetalAmdSevSnpAttributes): WireBaremetalAmdSevSnp => ({
  measurement: attributes.measurement,
  vmpl: vmplSpelling.toWire(attributes.vmpl),
  coprocessors: attributes.coprocessors.map(toWireCoprocessor),
});

const fromWireBaremetalAmdSevSnp = (attributes: WireBaremetalAmdSevSnp): BaremetalAmdSevSnpAttributes => ({
  measurement: attributes.measurement,
  vmpl: vmplSpelling.fromWire(attributes.vmpl),
  coprocessors: attributes.coprocessors.map(fromWireCoprocessor),
});

const toWireCoprocessor = ({ attestation, gpuVendor }: Coprocessor): WireCoprocessor => ({
  attestation: attestationSpelling.toWire(attestation),
  gpu_vendor: gpuVendor && gpuVendorSpelling.toWire(gpuVendor),
});

const fromWireCoprocessor = ({ attestation, gpu_vendor }: WireCoprocessor): Coprocessor => ({
  attestation: attestationSpelling.fromWire(attestation),
  gpuVendor: gpu_vendor && gpuVendorSpelling.fromWire(gpu_vendor),
});
