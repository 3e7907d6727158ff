// CCM's paths of apps.
import type { App } from '../../apps/app.entity.js';
import { CatalogError, notFound } from '../../lib/errors.js';
import { fromWireAppRequest, fromWireAppUpdate, toWireApp } from './app-codec.js';
import type { CcmServices } from './ccm-services.js';
import { NEWEST_FIRST, idsOfFilter, sliceOf, toWireList } from './lists.js';
import type { WireSlice } from './lists.js';
import { operation, operationWithBody } from './operation.js';
import type { CcmOperation } from './operation.js';

type AppServices = Pick<CcmServices, 'inTransaction' | 'apps' | 'deleteApp' | 'deploymentQuery'>;

interface ListQuery extends WireSlice {
  name?: string;
  description?: string;
  all_search?: string;
  filter?: string;
}

const SORT_KEYS = { created_at: 'createdAt', updated_at: 'updatedAt', name: 'name' } as const;
/** Of one app; those reported longest ago are left out. */
const MAX_NODES = 100;

export function appRoutes({ inTransaction, apps, deleteApp, deploymentQuery }: AppServices): CcmOperation[] {
  return [
    operation<ListQuery>('getAllApps', async ({ principal, query }) => {
      const slice = sliceOf(query, SORT_KEYS, NEWEST_FIRST);
      const { name, description, all_search: text, filter } = query;
      const wanted = { ...slice, name, description, text, groupIds: idsOfFilter(filter, 'groups') };
      const page = await apps.listByOffset(principal.accountId, wanted);
      return { status: 200, body: toWireList(page, slice, (app) => toWireApp(app)) };
    }),
    operationWithBody('addApplication', 'AppRequest', async ({ principal, body }) =>
      answer(await inTransaction((tx) => apps.create(tx, principal, fromWireAppRequest(body)))),
    ),
    operation('getApp', async ({ principal: { accountId }, path }) => {
      const app = await findApp(apps, accountId, path.appId!);
      return { status: 200, body: toWireApp(app, await deploymentQuery.listOfApp(accountId, app.id, MAX_NODES)) };
    }),
    operationWithBody('updateApp', 'AppBodyUpdateRequest', async ({ principal, path, body }) => {
      const id = path.appId!;
      // Locked before it is read: patches start from what is there.
      const update = inTransaction(async (tx) => {
        const app = await apps.lock(tx, principal.accountId, id);
        return apps.update(tx, principal, id, fromWireAppUpdate(body, app));
      });
      return answer(await update);
    }),
    operation('deleteApp', async ({ principal, path }) => {
      await inTransaction((tx) => deleteApp.delete(tx, principal, path.appId!));
      return { status: 204 };
    }),
    operation('getAppsUniqueLabels', async ({ principal }) => ({
      status: 200,
      body: { items: await apps.labelCounts(principal.accountId) },
    })),
    ...['getAppCertificate', 'getAppNodeCertificateDetails'].map((id) =>
      operation(id, async ({ principal, path }) => {
        await findApp(apps, principal.accountId, path.appId!);
        throw new CatalogError('FEATURE_NOT_SUPPORTED', 'This gateway issues no certificates: ask CCM itself.');
      }),
    ),
  ];
}

/** Throws NOT_FOUND. */
export async function findApp(apps: CcmServices['apps'], accountId: string, id: string): Promise<App> {
  const [app] = await apps.byIds(accountId, [id]);
  if (!app) throw notFound('app', id);
  return app;
}

const answer = (app: App) => ({ status: 200, body: toWireApp(app) });
