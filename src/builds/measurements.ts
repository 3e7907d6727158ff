// The values of a build's attributes in one spelling, so that a build can be found by what an attestation shows.
import { createHash } from 'node:crypto';
import { Field, ObjectType } from 'type-graphql';
import { Entity, ForeignKey, Index } from 'typeorm';
import { PrimaryIdColumn, PrimaryWordColumn } from '../db/columns.js';
import { badInput } from '../lib/errors.js';
import { parseHex } from '../lib/hex.js';
import type { EnclaveInfo } from './build-parts.js';
import { Platform } from './image-attributes.js';
import type { StoredAttributes } from './image-attributes.js';
import { TPM_PCR_COUNT } from './tpm-pcrs.js';

@ObjectType({ simpleResolvers: true, description: 'One value of the attributes, normalised.' })
@Entity('measurement')
@ForeignKey('Build', ['accountId', 'buildId'], ['accountId', 'id'], { onDelete: 'CASCADE' })
@Index('measurement_value', ['accountId', 'value', 'platform', 'name'])
export class Measurement {
  @PrimaryIdColumn()
  accountId!: string;

  @PrimaryIdColumn()
  buildId!: string;

  @Field(() => Platform, {
    description: 'Which attestation shows it: pcr0 means another thing on NITRO_ENCLAVE than on AZURE_CVM.',
  })
  @PrimaryWordColumn()
  platform!: Platform;

  @Field({ description: 'mrenclave, mrsigner, pcr0 ... pcr22, policy, mrtd, rtmr0 ... rtmr3 or measurement.' })
  @PrimaryWordColumn()
  name!: string;

  @Field({ description: 'Lower-case hex; of an ACI policy the sha256 of what it decodes to.' })
  @PrimaryWordColumn()
  value!: string;
}

export type MeasuredValue = Pick<Measurement, 'platform' | 'name' | 'value'>;

const SHA256_BYTES = 32;
const SHA384_BYTES = 48;

/** Distinct measurements of attributes that were checked before. */
export function measurementsOf(attributes: StoredAttributes[], enclaveInfo: EnclaveInfo | null): MeasuredValue[] {
  const all = attributes.flatMap((entry, index) => valuesOf(entry, ['attributes', String(index)]));
  for (const name of ['mrenclave', 'mrsigner'] as const) {
    const value = enclaveInfo?.[name];
    if (value !== undefined) all.push({ platform: Platform.SGX, name, value: parseHex(value, SHA256_BYTES, name) });
  }
  const distinct = new Map(
    all.map((measured) => [`${measured.platform} ${measured.name} ${measured.value}`, measured]),
  );
  return [...distinct.values()];
}

function valuesOf(entry: StoredAttributes, path: string[]): MeasuredValue[] {
  const { platform } = entry;
  const read = (source: object, bytes: number, names: readonly string[], ...inner: string[]) =>
    names.flatMap((name) => {
      const value = (source as Record<string, string | null | undefined>)[name] ?? undefined;
      return value !== undefined ? [{ platform, name, value: parseHex(value, bytes, ...path, ...inner, name) }] : [];
    });
  switch (platform) {
    case Platform.SGX:
      return read(entry, SHA256_BYTES, ['mrenclave'], 'sgx');
    case Platform.NITRO_ENCLAVE:
      return read(entry, SHA384_BYTES, ['pcr0', 'pcr1', 'pcr2', 'pcr8'], 'nitroEnclave');
    case Platform.ACI:
      return [{ platform, name: 'policy', value: policyHash(entry.policy, [...path, 'aci', 'policy']) }];
    case Platform.AZURE_CVM:
      return read(entry.pcrs, SHA256_BYTES, tpmPcrNames, 'azureCvm', 'pcrs');
    case Platform.BAREMETAL_TDX:
      return read(entry, SHA384_BYTES, ['mrtd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'], 'baremetalTdx');
    case Platform.BAREMETAL_AMD_SEV_SNP:
      return read(entry, SHA384_BYTES, ['measurement'], 'baremetalAmdSevSnp');
  }
}

const tpmPcrNames = Array.from({ length: TPM_PCR_COUNT }, (_, index) => `pcr${index}`);

function policyHash(policy: string, path: string[]): string {
  const decoded = Buffer.from(policy, 'base64');
  const isBase64 = decoded.length > 0 && /^[\w+/-]+={0,2}$/.test(policy.trim());
  if (!isBase64) throw badInput('`policy` must be base64.', ...path);
  return createHash('sha256').update(decoded).digest('hex');
}
