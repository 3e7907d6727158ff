// Documents as CCM's clients send them and as the gateway keeps them.
import { BuildPhase, DeploymentStatusType } from '../../../src/builds/build-parts.js';
import type { BuildStatusType } from '../../../src/builds/build-parts.js';
import type { Build } from '../../../src/builds/build.entity.js';

export const hex = (digits: number, from = 'aB09'): string => from.repeat(digits).slice(0, digits);

const coprocessors = [{ attestation: 'Required', gpu_vendor: 'Nvidia' }, { attestation: 'Ignored' }];

/** One of each platform; hex in both cases, as it must come back. */
export const WIRE_ATTRIBUTES = {
  sgx: { sgx: { mrenclave: hex(64), features: ['avx', 'pkru'] } },
  sgx2: { sgx: { mrenclave: hex(64, '0Fa1') } },
  nitro_enclave: {
    nitro_enclave: { hash_algorithm: 'Sha384', pcr0: hex(96), pcr1: hex(96, 'c1'), pcr2: hex(96, 'C2') },
  },
  aci: { aci: { policy: 'cGFja2FnZSBwb2xpY3k=' } },
  azure_cvm: { azure_cvm: { pcrs: { hash_alg: 'SHA256', pcr4: hex(64), pcr11: hex(64, '0A') }, coprocessors } },
  baremetal_tdx: {
    baremetal_tdx: {
      ...{
        mrtd: hex(96, '1a'),
        rtmr0: hex(96, '2B'),
        rtmr1: hex(96, '3c'),
        rtmr2: hex(96, '4D'),
        rtmr3: hex(96, '5e'),
      },
      coprocessors: [],
    },
  },
  baremetal_amd_sev_snp: {
    baremetal_amd_sev_snp: { measurement: hex(96, '6F'), vmpl: 'vmpl2', coprocessors },
  },
} as const;

/** Everything CCM's CreateBuildRequest knows, but for the app. */
export const WIRE_CREATE_BUILD = {
  docker_info: {
    docker_image_name: 'registry.example.com/acme/hello',
    docker_version: '1.2',
    docker_image_sha: hex(64, 'f0'),
    docker_image_size: 131,
    exposed_ports: [
      { port: 443, protocol: 'Tcp' },
      { port: 53, protocol: 'Udp' },
    ],
  },
  mrenclave: hex(64, '1f'),
  mrsigner: hex(64, '2E'),
  isvprodid: 7,
  isvsvn: 3,
  mem_size: 2048,
  threads: 16,
  attributes: WIRE_ATTRIBUTES,
  advanced_settings: {
    entrypoint: ['/bin/hello', '--loud'],
    encryptedDirs: ['/run'],
    certificate: {
      ...{ issuer: 'NODE', subject: 'hello.example.com', keyType: 'RSA', keyParam: { size: 3072 } },
      ...{ keyPath: '/key.pem', certPath: '/cert.pem' },
    },
    java_runtime: 'LIBERTY-JRE',
    rw_dirs: ['/etc/hosts'],
    allowCmdlineArgs: false,
    manifestEnv: ['A=1'],
    mutableEnv: ['B=2'],
  },
  launch_hint: { azure_resource_template: '{"$schema": "x"}' },
  enable_overlay_filesystem_persistence: true,
  group_id: 'd9428888-122b-11e1-b85c-61cd3cbb3210',
} as const;

/** A build that nothing is known of. */
export function emptyBuild(): Build {
  const then = new Date('2026-01-02T03:04:05.678Z');
  return {
    ...{
      accountId: 'account',
      id: '0190b0c4-5b3a-7000-8000-000000000001',
      sortName: '',
      dockerImageName: '',
      imageDigest: '',
    },
    ...{ name: null, version: null, appId: null, appName: null, appDescription: null, dockerInfo: null },
    ...{ statusType: null, statusUpdatedAt: null, pendingTaskId: null },
    deploymentStatusType: DeploymentStatusType.UNDEPLOYED,
    deploymentStatusUpdatedAt: then,
    ...{
      enclaveInfo: null,
      attributes: [],
      phase: BuildPhase.AVAILABLE,
      architecture: null,
      memSizeMb: null,
    },
    ...{ cpuCount: null, threads: null, advancedSettings: null, configs: {}, launchHint: null },
    ...{ marketplaceBuildId: null, enableOverlayFilesystemPersistence: null, groupId: null, jobId: null },
    ...{ warnings: [], createdAt: then, updatedAt: then },
  };
}

export function reviewedBuild(statusType: BuildStatusType, pendingTaskId: string | null): Build {
  return { ...emptyBuild(), statusType, statusUpdatedAt: new Date('2026-02-03T00:00:00Z'), pendingTaskId };
}

/** What `convert-app/nitro-enclaves` is sent. */
export const wireConversion = (appId: string, image = 'registry.example.com/acme/hello:1') => ({
  request: {
    app_id: appId,
    input_image: { name: image, auth_config: { username: 'reader', password: 'secret' } },
    output_image: { name: 'registry.example.com/acme/hello-eif:1' },
    converter_options: { entrypoint: ['/hello'], env_vars: ['A=1'], debug: true },
  },
  nitro_enclaves_options: { cpu_count: 2, mem_size: 512 },
});
