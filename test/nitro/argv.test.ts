import { enclaveCommand } from '../../src/nitro/argv.js';

const codes = (...args: Parameters<typeof enclaveCommand>) => enclaveCommand(...args).warnings.map(({ code }) => code);

describe('the command of an enclave', () => {
  const image = { Entrypoint: ['/entry', '-e'], Cmd: ['cmd'] };

  it.each([
    ['ENTRYPOINT and CMD of the image', image, {}, ['/entry', '-e', 'cmd']],
    ['CMD alone', { Cmd: ['/cmd', 'x'] }, {}, ['/cmd', 'x']],
    ['other arguments in place of CMD', image, { entrypointArgs: ['arg'] }, ['/entry', '-e', 'arg']],
    ['no arguments in place of CMD', image, { entrypointArgs: [] }, ['/entry', '-e']],
    ['another entrypoint, which drops CMD', image, { entrypoint: ['/other'] }, ['/other']],
    [
      'another entrypoint with arguments',
      image,
      { entrypoint: ['/other'], entrypointArgs: ['a', 'b'] },
      ['/other', 'a', 'b'],
    ],
    ['an empty entrypoint with arguments', image, { entrypoint: [], entrypointArgs: ['/run'] }, ['/run']],
  ])('is %s', (_name, config, options, argv) => {
    expect(enclaveCommand(config, options)).toMatchObject({ argv, warnings: [] });
  });

  it("has the image's environment, then the options', a repeated name in its first place with its last value", () => {
    const config = { Cmd: ['/c'], Env: ['PATH=/bin', 'A=1', 'B=2', 'A=3'] };
    const options = { envVars: ['C=4', 'B=5'], mutableEnvVars: ['C=6=7', 'D='] };
    expect(enclaveCommand(config, options).env).toEqual(['PATH=/bin', 'A=3', 'B=5', 'C=6=7', 'D=']);
  });

  it('warns of what the enclave will do differently', () => {
    expect(codes({})).toEqual(['COMMAND_EMPTY']);
    expect(codes({ Cmd: ['python3', 'x.py'] })).toEqual(['COMMAND_WITHOUT_PATH']);
    expect(codes({ Cmd: ['./run'] })).toEqual(['COMMAND_RELATIVE']);
    expect(codes({ Cmd: ['/run'], WorkingDir: '/app', User: 'app' })).toEqual(['WORKDIR_IGNORED', 'USER_IGNORED']);
    expect(codes({ Cmd: ['/run'], WorkingDir: '/', User: '0:0', Env: ['BARE'] })).toEqual(['ENV_WITHOUT_VALUE']);
  });
});
