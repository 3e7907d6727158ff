// What an EIF says of itself and what of that is true, as plain JSON. Names are those of `nitro-cli describe-eif` where
// it has one. The environment, which docker's part of the metadata repeats, may hold secrets: names only, unless asked.
import { X509Certificate } from 'node:crypto';
import type { EifReading } from './eif-reader.js';
import type { SigningCertificate } from './signing.js';

export interface EifDescription {
  EifVersion: number;
  /** Null where the sections cannot be followed. */
  Measurements: Record<string, string> | null;
  IsSigned: boolean;
  SigningCertificate?: Record<string, unknown>;
  CheckCRC: boolean;
  /** Only where it is signed: whether the certificate's key has signed this PCR0. */
  SignatureCheck?: boolean;
  /** From the metadata, which is not measured, as is `Metadata`. */
  ImageName?: string;
  ImageVersion?: string;
  Metadata?: Record<string, unknown>;
  Architecture: string;
  SizeBytes: number;
  DefaultMemoryBytes: number;
  DefaultCpus: number;
  Sections: { Name: string; Offset: number; SizeBytes: number; Sha256: string }[];
  Cmdline: string | null;
  Ramdisks: { Format: string; EntryCount: number | null; DataBytes: number }[];
  Argv: string[] | null;
  Env: { Name: string; SizeBytes: number; Value?: string }[] | null;
  /** None for an EIF that AWS's tools would take; clauses such as `its checksum is wrong`. */
  Problems: string[];
}

export function describeEif(reading: EifReading, { showEnvironment = false } = {}): EifDescription {
  const { header, measurements, signature, metadata } = reading;
  return {
    EifVersion: header.version,
    Measurements: measurements && measured(measurements),
    IsSigned: reading.sections.some(({ name }) => name === 'signature'),
    ...(signature?.certificate && { SigningCertificate: described(signature.certificate) }),
    CheckCRC: reading.crcOk,
    ...(signature && { SignatureCheck: signature.valid }),
    ...(metadata && describedMetadata(metadata, showEnvironment)),
    Architecture: header.architecture === 'arm64' ? 'aarch64' : 'x86_64',
    SizeBytes: reading.sizeBytes,
    DefaultMemoryBytes: Number(header.defaultMemoryBytes),
    DefaultCpus: Number(header.defaultCpus),
    Sections: reading.sections.map(({ name, offset, sizeBytes, sha256 }) => {
      return { Name: name, Offset: offset, SizeBytes: sizeBytes, Sha256: sha256 };
    }),
    Cmdline: reading.cmdline,
    Ramdisks: reading.ramdisks.map(({ format, entryCount, dataBytes }) => {
      return { Format: format, EntryCount: entryCount, DataBytes: dataBytes };
    }),
    Argv: reading.argv,
    Env: reading.env?.map((variable) => describedVariable(variable, showEnvironment)) ?? null,
    Problems: reading.problems,
  };
}

function measured({ pcr0, pcr1, pcr2, pcr8 }: NonNullable<EifReading['measurements']>): Record<string, string> {
  const values = { PCR0: pcr0, PCR1: pcr1, PCR2: pcr2, ...(pcr8 !== undefined && { PCR8: pcr8 }) };
  // As nitro-cli prints it, which programs may compare.
  return { HashAlgorithm: 'Sha384 { ... }', ...values };
}

function described({ pem, algorithm, subject, sha256 }: SigningCertificate): Record<string, unknown> {
  const { issuer, validFrom, validTo } = new X509Certificate(pem);
  const names = (issuer ?? '').split('\n').map((line) => {
    const [, name = '', value = line] = /^([^=]*)=(.*)$/.exec(line) ?? [];
    return [name, value];
  });
  return {
    IssuerName: Object.fromEntries(names),
    NotBefore: validFrom,
    NotAfter: validTo,
    Subject: subject,
    KeyAlgorithm: algorithm,
    Sha256: sha256,
  };
}

function describedMetadata(metadata: Record<string, unknown>, showEnvironment: boolean): Partial<EifDescription> {
  const { ImageName: name, ImageVersion: version, BuildMetadata: build, DockerInfo: docker, ...others } = metadata;
  const info = showEnvironment ? docker : withoutValues(docker);
  return {
    ...(typeof name === 'string' && { ImageName: name }),
    ...(typeof version === 'string' && { ImageVersion: version }),
    Metadata: { ...(isObject(build) && build), DockerInfo: info, ...others },
  };
}

function describedVariable(variable: string, showEnvironment: boolean): { Name: string; SizeBytes: number } {
  const name = nameOf(variable);
  const value = variable.slice(name.length + 1);
  return { Name: name, SizeBytes: Buffer.byteLength(value), ...(showEnvironment && { Value: value }) };
}

/** Docker repeats the environment under `Config` and `ContainerConfig`, each time as `Env`. */
function withoutValues(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutValues);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, member]) => {
    const isEnvironment = /^env$/i.test(key) && Array.isArray(member);
    return [key, isEnvironment ? member.map(nameOf) : withoutValues(member)];
  });
  return Object.fromEntries(entries);
}

function nameOf(variable: unknown): string {
  return typeof variable === 'string' ? variable.split('=', 1)[0]! : '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
