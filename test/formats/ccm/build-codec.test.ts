import { BuildStatusType } from '../../../src/builds/build-parts.js';
import { enclaveInfoOf, storedAttributes } from '../../../src/builds/build.check.js';
import type { Build } from '../../../src/builds/build.entity.js';
import { fromWireCreateBuild, toWireBuild } from '../../../src/formats/ccm/build-codec.js';
import { fromWireNitroConversion } from '../../../src/formats/ccm/conversion-codec.js';
import { emptyBuild, reviewedBuild, hex, WIRE_ATTRIBUTES, WIRE_CREATE_BUILD, wireConversion } from './documents.js';
import { describeWithVendor } from './vendor.js';

const SECONDS = Date.parse('2026-01-02T03:04:05Z') / 1000;

/** The build that a request would make, as far as the codec is concerned. */
function buildOf(wire: object): Build {
  const input = fromWireCreateBuild(wire);
  const { dockerInfo, memSizeMb, threads, advancedSettings, launchHint, groupId } = input;
  return {
    ...emptyBuild(),
    ...{ dockerInfo: dockerInfo ?? null, memSizeMb: memSizeMb ?? null, threads: threads ?? null },
    ...{ advancedSettings: advancedSettings ?? null, launchHint: launchHint ?? null, groupId: groupId ?? null },
    enableOverlayFilesystemPersistence: input.enableOverlayFilesystemPersistence ?? null,
    attributes: storedAttributes(input.attributes ?? []),
    enclaveInfo: enclaveInfoOf(input),
  };
}

describe('a build on the wire of CCM', () => {
  it.each(Object.entries(WIRE_ATTRIBUTES))('has the attributes %s to the letter', (key, entry) => {
    const stored = storedAttributes(fromWireCreateBuild({ attributes: { [key]: entry } } as never).attributes!);
    expect(toWireBuild({ ...emptyBuild(), attributes: stored }).attributes).toStrictEqual({ [key]: entry });
  });

  it('has every field of the request it was made by', () => {
    const wire = toWireBuild(buildOf(WIRE_CREATE_BUILD));
    const { mrenclave, mrsigner, isvprodid, isvsvn, ...others } = WIRE_CREATE_BUILD;
    expect(wire).toMatchObject({ ...others, enclave_info: { mrenclave, mrsigner, isvprodid, isvsvn } });
  });

  it('leaves out what is not known', () => {
    const wire = toWireBuild(emptyBuild());
    expect(wire).toStrictEqual({
      build_id: emptyBuild().id,
      created_at: SECONDS,
      updated_at: SECONDS,
      status: { status: 'PENDING', status_updated_at: SECONDS },
      deployment_status: { status: 'UNDEPLOYED', status_updated_at: SECONDS },
    });
  });

  it('has what only the gateway can know', () => {
    const known = {
      ...{ name: 'curated', appId: 'app', appName: 'hello', appDescription: 'says it' },
      ...{ marketplaceBuildId: 'listing', configs: { config: { a: 1 } } },
    };
    expect(toWireBuild({ ...emptyBuild(), ...known })).toMatchObject({
      ...{ build_name: 'curated', app_id: 'app', app_name: 'hello', app_description: 'says it' },
      ...{ marketplace_build_id: 'listing', configs: { config: { a: 1 } } },
    });
  });

  it('shows the review, and its task while there is one', () => {
    const pending = toWireBuild(reviewedBuild(BuildStatusType.PENDING, 'task'));
    expect([pending.status.status, pending.pending_task_id]).toEqual(['PENDING', 'task']);
    expect(pending.status.status_updated_at).toBe(Date.parse('2026-02-03') / 1000);
    const decided = toWireBuild(reviewedBuild(BuildStatusType.WHITELISTED, null));
    expect([decided.status.status, 'pending_task_id' in decided]).toEqual(['WHITELISTED', false]);
  });

  it('shows the identity of an enclave only as a whole', () => {
    const shown = (enclaveInfo: object) => toWireBuild({ ...emptyBuild(), enclaveInfo }).enclave_info;
    expect(shown({ mrenclave: 'a', mrsigner: 'b' })).toEqual({
      mrenclave: 'a',
      mrsigner: 'b',
      isvprodid: 0,
      isvsvn: 0,
    });
    expect(shown({ mrenclave: 'a', isvsvn: 1 })).toBeUndefined();
    expect(shown({ isvprodid: 1 })).toBeUndefined();
  });

  it.each(['JAVA-ORACLE', 'OPENJDK', 'OPENJ9', 'LIBERTY-JRE'])('spells the Java runtime %s with hyphens', (runtime) => {
    const advanced_settings = { java_runtime: runtime };
    expect(toWireBuild(buildOf({ advanced_settings })).advanced_settings).toStrictEqual(advanced_settings);
  });

  it.each(['vmpl0', 'vmpl1', 'vmpl2', 'vmpl3'])('spells the privilege level %s in lower case', (vmpl) => {
    const attributes = { snp: { baremetal_amd_sev_snp: { measurement: hex(96), vmpl, coprocessors: [] } } };
    expect(toWireBuild(buildOf({ attributes })).attributes).toStrictEqual(attributes);
  });

  it('keeps keys that JavaScript has a meaning for', () => {
    const attributes = JSON.parse(
      `{"__proto__":${JSON.stringify(WIRE_ATTRIBUTES.aci)},"constructor":{"sgx":{"mrenclave":"${hex(64)}"}}}`,
    );
    const wire = toWireBuild(buildOf({ attributes }));
    expect(JSON.stringify(wire.attributes)).toBe(JSON.stringify(attributes));
  });

  it('does not keep an entry that attests nothing', () => {
    expect(fromWireCreateBuild({ attributes: { sgx: {} } })).toStrictEqual({ attributes: [] });
  });

  it('reads nothing where nothing is said', () => {
    expect(fromWireCreateBuild({})).toStrictEqual({});
  });
});

describe('a conversion on the wire of CCM', () => {
  const read = (change: object = {}) => fromWireNitroConversion({ ...wireConversion('app'), ...change });

  it('is read as the input of a conversion', () => {
    expect(fromWireNitroConversion(wireConversion('app'), 'key')).toStrictEqual({
      appId: 'app',
      inputImage: { name: 'registry.example.com/acme/hello:1', auth: { username: 'reader', password: 'secret' } },
      outputImage: { name: 'registry.example.com/acme/hello-eif:1' },
      converterOptions: { entrypoint: ['/hello'], envVars: ['A=1'], debug: true },
      nitroEnclavesOptions: { cpuCount: 2, memSizeMb: 512 },
      idempotencyKey: 'key',
    });
  });

  it('says of the overlay what it is told, and nothing else', () => {
    const given = { nitro_enclaves_options: { enable_overlay_filesystem_persistence: false } };
    expect(read(given).nitroEnclavesOptions).toEqual({ enableOverlayFilesystemPersistence: false });
    expect(read({ nitro_enclaves_options: {} }).nitroEnclavesOptions).toEqual({});
  });

  it('knows all options', () => {
    const converter_options = {
      ...{ add_ccm_ca_certificates: true, allow_cmdline_args: true, debug: false, java_mode: 'OPENJDK' },
      ...{ entrypoint: ['a'], entrypoint_args: ['b'], env_vars: ['C=1'], mutable_env_vars: ['D=2'] },
    };
    expect(read({ request: { ...wireConversion('app').request, converter_options } }).converterOptions).toEqual({
      ...{ addCcmCaCertificates: true, allowCmdlineArgs: true, debug: false, javaMode: 'OPENJDK' },
      ...{ entrypoint: ['a'], entrypointArgs: ['b'], envVars: ['C=1'], mutableEnvVars: ['D=2'] },
    });
  });

  it('has no login where the user name is empty', () => {
    const input_image = { name: 'hello', auth_config: { username: '', password: '' } };
    expect(read({ request: { ...wireConversion('app').request, input_image } }).inputImage).toEqual({ name: 'hello' });
  });
});

describeWithVendor('the documents of these tests', (check) => {
  it('are such as the vendor describes', () => {
    expect(check('CreateBuildRequest', WIRE_CREATE_BUILD)).toEqual([]);
    expect(check('NitroEnclavesConversionRequest', wireConversion('app'))).toEqual([]);
  });

  it('become builds such as the vendor describes', () => {
    for (const build of [emptyBuild(), buildOf(WIRE_CREATE_BUILD)]) {
      expect(check('Build', toWireBuild(build))).toEqual([]);
    }
  });
});
