// CCM's paths of stored logins for docker registries.
import type { RegistryCredential } from '../../credentials/registry-credential.entity.js';
import type { LoginInput } from '../../credentials/registry-credential.input.js';
import { withoutNulls } from '../../lib/json.js';
import { findApp } from './app-routes.js';
import type { CcmServices } from './ccm-services.js';
import { operation, operationWithBody } from './operation.js';
import type { CcmOperation } from './operation.js';
import { memberAt, wrong } from './patch.js';
import type { WirePatch } from './wire-lists.js';
import type { WireCredential, WireRegistry } from './wire-registries.js';

type RegistryServices = Pick<CcmServices, 'inTransaction' | 'logins' | 'apps'>;

export function registryRoutes({ inTransaction, logins, apps }: RegistryServices): CcmOperation[] {
  const forImage = async (accountId: string, name: string) => {
    const found = name === '' ? undefined : await logins.forImage(accountId, name);
    return found && toWireRegistry(found);
  };
  return [
    operationWithBody('createRegistry', 'RegistryRequest', async ({ principal, body }) => {
      const { url, description, credential } = body;
      const input = withoutNulls({ url, description, ...credential.default });
      return answer(await inTransaction((tx) => logins.create(tx, principal, input)));
    }),
    operation('getAllRegistries', async ({ principal }) => ({
      status: 200,
      body: (await logins.listAll(principal.accountId)).map(toWireRegistry),
    })),
    operation('getRegistry', async ({ principal, path }) =>
      answer(await logins.get(principal.accountId, path.registryId!)),
    ),
    operationWithBody('updateRegistry', 'PatchRequest', async ({ principal, path, body }) => {
      const changes = fromWirePatch(body);
      return answer(await inTransaction((tx) => logins.update(tx, principal, path.registryId!, changes)));
    }),
    operation('deleteRegistry', async ({ principal, path }) => {
      await inTransaction((tx) => logins.delete(tx, principal, path.registryId!));
      return { status: 204 };
    }),
    operation('getRegistryForApp', async ({ principal: { accountId }, path }) => {
      const app = await findApp(apps, accountId, path.appId!);
      const [input_image_registry, output_image_registry] = await Promise.all(
        [app.inputImageName, app.outputImageName].map((name) => forImage(accountId, name)),
      );
      return { status: 200, body: withoutNulls({ input_image_registry, output_image_registry }) };
    }),
    operation<{ image_name: string }>('getRegistryForImage', async ({ principal, query }) => ({
      status: 200,
      body: withoutNulls({ registry: await forImage(principal.accountId, query.image_name) }),
    })),
  ];
}

/** Only description and credential can be changed. */
function fromWirePatch(patch: WirePatch): LoginInput {
  const changes: LoginInput = {};
  for (const [index, { op, path, value }] of patch.entries()) {
    const member = memberAt(path, `[${index}].path`);
    if (member === 'description') changes.description = op === 'remove' ? null : textOf(value, index);
    else if (member === 'credential' && op !== 'remove') Object.assign(changes, loginOf(value, index));
    else throw wrong(`[${index}].path must be /description or, but for removing it, /credential.`);
  }
  return changes;
}

function textOf(value: unknown, index: number): string {
  if (typeof value === 'string') return value;
  throw wrong(`[${index}].value must be text.`);
}

function loginOf(value: unknown, index: number): LoginInput {
  const { username, password } = ((value ?? {}) as Partial<WireCredential>).default ?? {};
  const isLogin = typeof username === 'string' && (password === undefined || typeof password === 'string');
  if (!isLogin) throw wrong(`[${index}].value must be {"default": {"username", "password"}}.`);
  // The password stays where only the name is given.
  return { username, ...(password !== undefined && { password }) };
}

const toWireRegistry = ({ url, id, description, username }: RegistryCredential): WireRegistry =>
  withoutNulls({ url, registry_id: id, description: description ?? undefined, username });

const answer = (credential: RegistryCredential) => ({ status: 200, body: toWireRegistry(credential) });
