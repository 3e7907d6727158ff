// Registers of a TPM that attest an Azure confidential virtual machine. What goes into which is convention:
// 0 to 7 and 16 to 22 by the TCG's PC client profile, 8 to 15 by Linux,
// https://uapi-group.org/specifications/specs/linux_tpm_pcr_registry/
import { Field, registerEnumType } from 'type-graphql';
import { BothWays } from '../lib/both-ways.js';

export enum TpmHashAlgorithm {
  SHA256 = 'SHA256',
}
registerEnumType(TpmHashAlgorithm, {
  name: 'TpmHashAlgorithm',
  description: 'Bank of a TPM, by the hash its registers are extended with.',
  valuesConfig: { SHA256: { description: '32 bytes, 64 hex digits; the only one CCM knows.' } },
});

const CONTENTS = [
  'firmware code',
  'firmware settings',
  'code of option ROMs and of drivers that are no part of the firmware',
  'settings of option ROMs and of drivers that are no part of the firmware',
  'boot loader code',
  'boot loader settings and the partition table',
  'events of the host platform, as its maker sees fit',
  'whether Secure Boot is on, and its keys',
  'commands of GRUB, the kernel command line among them',
  'files GRUB reads and the initrds the kernel is given',
  'files that Linux (IMA) measures at run time',
  'the parts of a unified kernel image, and the phases of boot',
  'kernel command line and credentials beside a unified kernel image',
  'system extensions',
  "the machine owner's keys (shim)",
  'machine id and volume keys (systemd)',
  'anything, for debugging; it can be reset at any time',
  'the code of a dynamic launch (DRTM)',
  'what a dynamic launch (DRTM) started',
  'whatever the dynamically launched system measures',
  'whatever the dynamically launched system measures',
  'whatever the dynamically launched system measures',
  'whatever the dynamically launched system measures',
];
export const TPM_PCR_COUNT = CONTENTS.length;

@BothWays('Values of TPM registers to enforce, each 64 hex digits; those left out may have any value.')
export class TpmPcrs {
  @Field(() => TpmHashAlgorithm, { description: 'The bank that the values are from.' })
  hashAlg!: TpmHashAlgorithm;

  [pcr: `pcr${number}`]: string | undefined;
}
for (const [index, contents] of CONTENTS.entries()) {
  const description = `By convention: ${contents}. 64 hex digits; null where it is not enforced.`;
  Field(() => String, { nullable: true, description })(TpmPcrs.prototype, `pcr${index}`);
}
