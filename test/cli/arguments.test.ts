import { parseCommand } from '../../src/cli/arguments.js';
import { UsageError, toFailure } from '../../src/cli/failure.js';
import { JobFailure, JobFailureCode } from '../../src/lib/job-failure.js';

const parse = (line: string, environment = {}) => parseCommand(line.split(' '), environment);
const convert = (more: string, environment = {}) => parse(`convert hello -o out.eif ${more}`, environment);

describe('the command line', () => {
  it('knows registries, layouts and archives, and which output is a file', () => {
    const registry = { kind: 'registry', reference: { host: 'docker.io', repository: 'library/hello', tag: '1' } };
    expect(parse('convert hello:1 -o out.EIF')).toMatchObject({
      input: registry,
      output: { kind: 'file', file: 'out.EIF' },
    });
    expect(parse('convert docker://hello:1 -o ./x')).toMatchObject({
      input: registry,
      output: { kind: 'file', file: './x' },
    });
    expect(parse('convert oci:a/b:c/d:1 -o oci:out:v1')).toMatchObject({
      input: { kind: 'layout', folder: 'a/b', name: 'c/d:1' },
      output: { kind: 'layout', folder: 'out', name: 'v1' },
    });
    expect(parse('convert docker-archive:a.tar -o localhost:5000/a.eif:1')).toMatchObject({
      input: { kind: 'archive', file: 'a.tar', name: undefined },
      output: { kind: 'registry', reference: { host: 'localhost:5000', repository: 'a.eif', tag: '1' } },
    });
  });

  it.each([
    ['x.eif', 'file'],
    ['../x', 'file'],
    ['/x', 'file'],
    ['acme/x', 'registry'],
    ['docker://acme/x.eif', 'registry'],
    ['oci:x:y.eif', 'layout'],
  ])('takes the output %s for a %s', (output, kind) => {
    expect(parse(`convert hello -o ${output}`)).toMatchObject({ output: { kind } });
  });

  it('takes the command, the environment and what the operator allows', () => {
    const environment = { UPSTREAM_ALLOW: 'a.example, B.example:5000', NITRO_BLOBS_DIR: '/blobs' };
    const command = convert(
      '--entrypoint /bin/sh --arg=-c --arg exit --env A=1 --env B= --allow c.example',
      environment,
    );
    expect(command).toMatchObject({
      options: { entrypoint: ['/bin/sh'], entrypointArgs: ['-c', 'exit'], envVars: ['A=1', 'B='] },
      allow: ['a.example', 'b.example:5000', 'c.example'],
      blobsDir: '/blobs',
      architecture: 'amd64',
    });
    expect(convert('--blobs other', environment)).toMatchObject({ blobsDir: 'other' });
  });

  it.each<[string, RegExp]>([
    ['', /is no command/],
    ['upload a', /"upload" is no command/],
    ['convert a', /needs --output/],
    ['convert a b -o c.eif', /takes one image/],
    ['convert a -o c.eif --arch riscv64', /--arch is amd64 or arm64/],
    ['convert a -o c.eif --colour', /Unknown option '--colour'/],
    ['convert A -o c.eif', /no valid repository name/],
    ['convert oci: -o c.eif', /names no folder/],
    ['convert oci:a: -o c.eif', /ends with a colon/],
    ['convert a -o docker-archive:x.tar', /can not be written/],
    ['convert a -o oci:x', /needs a name in the layout/],
    ['convert a -o oci:x:../y', /is no name/],
    [`convert a -o b@sha256:${'0'.repeat(64)}`, /a tag and no digest/],
    ['convert a -o a', /must be different/],
    ['convert oci:x:1 -o oci:./x:1', /must be different/],
    ['convert a -o c.eif --env =secret', /^--env must be NAME=VALUE.$/],
    ['convert a -o c.eif --allow https://x', /host or host:port/],
    ['convert a -o c.eif --username me', /go together/],
    ['convert a -o c.eif --password-stdin', /go together/],
    ['convert oci:a -o c.eif --username me --password-stdin', /no registry/],
    ['convert a -o c.eif --signing-key k.pem', /go together/],
    ['describe', /takes one file/],
    ['describe a b', /takes one file/],
    ['diff a', /takes two files/],
    ['diff a b c', /takes two files/],
  ])('refuses `%s`', (line, message) => {
    expect(() => parse(line)).toThrow(UsageError);
    expect(() => parse(line)).toThrow(message);
  });
});

describe('a failure', () => {
  it('is told in terms of the command line', () => {
    const forbidden = new JobFailure(JobFailureCode.REGISTRY_FORBIDDEN_ADDRESS, 'x has no public address.', 'gateway');
    expect(toFailure(forbidden)).toMatchObject({
      message: 'x has no public address.',
      hint: expect.stringContaining('--allow'),
    });
    const full = new JobFailure(JobFailureCode.DISK_FULL, 'The disk of the gateway is full.', 'gateway');
    expect(toFailure(full)).toMatchObject({ message: 'The disk is full.', hint: expect.stringContaining('--tmp') });
    const denied = Object.assign(new Error("EACCES: permission denied, open 'x'"), { code: 'EACCES' });
    expect(toFailure(denied)).toMatchObject({ code: 'FILE_SYSTEM', message: denied.message });
    expect(toFailure(new TypeError('odd'))).toMatchObject({ code: 'INTERNAL', message: 'odd' });
  });
});
