// What init will start in the enclave: arguments and environment from the image's config and the caller's options.
// Both are measured (PCR2), so their order is a promise.
import type { RunConfig } from '../oci/image-config.js';

export interface CommandOptions {
  entrypoint?: string[];
  entrypointArgs?: string[];
  /** `NAME=value` each. */
  envVars?: string[];
  mutableEnvVars?: string[];
}

export type CommandWarningCode =
  | 'COMMAND_EMPTY'
  | 'COMMAND_RELATIVE'
  | 'COMMAND_WITHOUT_PATH'
  | 'ENV_WITHOUT_VALUE'
  | 'USER_IGNORED'
  | 'WORKDIR_IGNORED';

export interface CommandWarning {
  code: CommandWarningCode;
  message: string;
}

export interface EnclaveCommand {
  argv: string[];
  env: string[];
  warnings: CommandWarning[];
}

/** The only folders in which AWS's init looks for a command without a slash; the image's PATH does not count. */
export const INIT_PATH = '/sbin:/usr/sbin:/bin:/usr/bin';
const ROOT_USERS = ['', '0', 'root', '0:0', 'root:root', '0:root', 'root:0'];

export function enclaveCommand(config: RunConfig, options: CommandOptions = {}): EnclaveCommand {
  const { entrypoint, entrypointArgs, envVars = [], mutableEnvVars = [] } = options;
  const args = entrypointArgs ?? (entrypoint ? [] : (config.Cmd ?? []));
  const argv = [...(entrypoint ?? config.Entrypoint ?? []), ...args];
  const env = mergedEnvironment([...(config.Env ?? []), ...envVars, ...mutableEnvVars]);
  return { argv, env, warnings: [...argvWarnings(argv), ...configWarnings(config), ...envWarnings(env)] };
}

// A repeated name keeps its first place and its last value: getenv in the enclave would find the first one.
function mergedEnvironment(variables: string[]): string[] {
  const byName = new Map<string, string>();
  for (const variable of variables) byName.set(nameOf(variable), variable);
  return [...byName.values()];
}

function nameOf(variable: string): string {
  const equals = variable.indexOf('=');
  return equals < 0 ? variable : variable.slice(0, equals);
}

function argvWarnings(argv: string[]): CommandWarning[] {
  const program = argv[0];
  if (program === undefined) {
    const message = 'The image has neither ENTRYPOINT nor CMD, and none was given: the enclave starts sh.';
    return [{ code: 'COMMAND_EMPTY', message }];
  }
  if (program.startsWith('/')) return [];
  const shown = JSON.stringify(program.slice(0, 200));
  if (program.includes('/')) {
    const message = `The command ${shown} is relative: the enclave starts it from the root directory.`;
    return [{ code: 'COMMAND_RELATIVE', message }];
  }
  const message = `The command ${shown} has no path: the enclave looks for it in ${INIT_PATH} only, not in the image's PATH.`;
  return [{ code: 'COMMAND_WITHOUT_PATH', message }];
}

function configWarnings({ WorkingDir = '', User = '' }: RunConfig): CommandWarning[] {
  const warnings: CommandWarning[] = [];
  if (!['', '/'].includes(WorkingDir)) {
    const message = `WORKDIR ${JSON.stringify(WorkingDir.slice(0, 200))} is ignored: the enclave runs the command in the root directory.`;
    warnings.push({ code: 'WORKDIR_IGNORED', message });
  }
  if (!ROOT_USERS.includes(User)) {
    const message = `USER ${JSON.stringify(User.slice(0, 200))} is ignored: the enclave runs the command as root.`;
    warnings.push({ code: 'USER_IGNORED', message });
  }
  return warnings;
}

const NAMED = 10;

// One warning for all of them: a hostile config may have tens of thousands.
function envWarnings(env: string[]): CommandWarning[] {
  const bare = env.filter((variable) => !variable.includes('='));
  if (bare.length === 0) return [];
  const named = bare.slice(0, NAMED).map((name) => JSON.stringify(name.slice(0, 200)));
  const more = bare.length > NAMED ? ` and ${bare.length - NAMED} more` : '';
  const message = `Environment variables without a value will not be set: ${named.join(', ')}${more}.`;
  return [{ code: 'ENV_WITHOUT_VALUE', message }];
}
