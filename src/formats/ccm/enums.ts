// CCM's spelling of enum values, in both directions.
import { JavaRuntime } from '../../apps/advanced-settings.js';
import { NetworkProtocol } from '../../builds/docker-info.js';
import {
  CoprocessorAttestation,
  GpuVendor,
  NitroHashAlgorithm,
  SevSnpVmpl,
  TpmHashAlgorithm,
} from '../../builds/image-attributes.js';
import type {
  WireAttestation,
  WireGpuVendor,
  WireJavaRuntime,
  WireNitroHashAlgorithm,
  WireProtocol,
  WireTpmHashAlgorithm,
  WireVmpl,
} from './wire.js';

function spelling<Value extends string, Wire extends string>(wires: Record<Value, Wire>) {
  const entries = Object.entries(wires) as [Value, Wire][];
  const values = Object.fromEntries(entries.map(([value, wire]) => [wire, value])) as Record<Wire, Value>;
  return { toWire: (value: Value): Wire => wires[value], fromWire: (wire: Wire): Value => values[wire] };
}

export const protocolSpelling = spelling<NetworkProtocol, WireProtocol>({
  [NetworkProtocol.TCP]: 'Tcp',
  [NetworkProtocol.UDP]: 'Udp',
});

export const javaRuntimeSpelling = spelling<JavaRuntime, WireJavaRuntime>({
  [JavaRuntime.JAVA_ORACLE]: 'JAVA-ORACLE',
  [JavaRuntime.OPENJDK]: 'OPENJDK',
  [JavaRuntime.OPENJ9]: 'OPENJ9',
  [JavaRuntime.LIBERTY_JRE]: 'LIBERTY-JRE',
});

export const nitroHashSpelling = spelling<NitroHashAlgorithm, WireNitroHashAlgorithm>({
  [NitroHashAlgorithm.SHA384]: 'Sha384',
});

export const tpmHashSpelling = spelling<TpmHashAlgorithm, WireTpmHashAlgorithm>({
  [TpmHashAlgorithm.SHA256]: 'SHA256',
});

export const vmplSpelling = spelling<SevSnpVmpl, WireVmpl>({
  [SevSnpVmpl.VMPL0]: 'vmpl0',
  [SevSnpVmpl.VMPL1]: 'vmpl1',
  [SevSnpVmpl.VMPL2]: 'vmpl2',
  [SevSnpVmpl.VMPL3]: 'vmpl3',
});

export const attestationSpelling = spelling<CoprocessorAttestation, WireAttestation>({
  [CoprocessorAttestation.IGNORED]: 'Ignored',
  [CoprocessorAttestation.REQUIRED]: 'Required',
});

export const gpuVendorSpelling = spelling<GpuVendor, WireGpuVendor>({ [GpuVendor.NVIDIA]: 'Nvidia' });
