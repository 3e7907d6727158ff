// Runs a program that keeps docker's logins (docker-credential-helpers): `docker-credential-<name> get`, the server's
// name on standard input, JSON on standard output.
import { execFile } from 'node:child_process';
import { badInput } from '../lib/errors.js';
import type { RegistryCredentials } from '../oci/registry-auth.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
/** The user name under which helpers keep an identity token instead of a password. */
const TOKEN_USER = '<token>';

/** Undefined where it knows no login for the server. Throws BAD_USER_INPUT, without anything the helper wrote. */
export async function askCredentialHelper(
  name: string,
  server: string,
  environment: Record<string, string | undefined>,
): Promise<RegistryCredentials | undefined> {
  if (!NAME.test(name)) throw badInput(`${JSON.stringify(name.slice(0, 80))} is no name of a credential helper.`);
  const program = `docker-credential-${name}`;
  const { failure, output } = await run(program, server, environment);
  if (failure === undefined) return readAnswer(program, output);
  // The one failure that is an answer has no code of its own (docker-credential-helpers, credentials/error.go).
  if (/credentials not found/i.test(output)) return undefined;
  throw badInput(`${program} gave no login for ${server} (${failure}).`);
}

function run(program: string, input: string, env: Record<string, string | undefined>) {
  return new Promise<{ failure: string | undefined; output: string }>((resolve) => {
    const options = { env, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' as const };
    const child = execFile(program, ['get'], options, (error, output) => {
      const failure = error && (error.killed ? 'no answer in time' : String(error.code ?? error.signal ?? 'failed'));
      resolve({ failure: failure ?? undefined, output });
    });
    // It may end without reading.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`${input}\n`);
  });
}

function readAnswer(program: string, output: string): RegistryCredentials | undefined {
  let answer: { Username?: unknown; Secret?: unknown } | null;
  try {
    answer = JSON.parse(output) as typeof answer;
  } catch {
    throw badInput(`${program} answered something that is not JSON.`);
  }
  const { Username: username, Secret: password } = answer ?? {};
  if (typeof username !== 'string' || typeof password !== 'string' || password === '') return undefined;
  return username === TOKEN_USER ? { username: '', password: '', identityToken: password } : { username, password };
}
