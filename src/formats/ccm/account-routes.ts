// CCM's paths of accounts. An account that is not open to the caller answers as if there were none.
import { badInput, CatalogError } from '../../lib/errors.js';
import { isUuid } from '../../lib/ids.js';
import { fromWireAccountRequest, fromWireAccountUpdate, toWireAccount } from './account-codec.js';
import type { CcmServices } from './ccm-services.js';
import { sliceOf } from './lists.js';
import type { WireSlice } from './lists.js';
import { operation, operationWithBody } from './operation.js';
import type { CcmOperation } from './operation.js';
import type { OpenAccount } from '../../auth/account.service.js';

type AccountServices = Pick<CcmServices, 'inTransaction' | 'accounts' | 'nodes'>;

interface ListQuery extends WireSlice {
  previous_id?: string;
}

const SORT_KEYS = { name: 'name', created_at: 'createdAt' } as const;

export function accountRoutes({ inTransaction, accounts, nodes }: AccountServices): CcmOperation[] {
  return [
    operation<ListQuery>('getAccounts', async ({ caller, query }) => {
      const items = page(await accounts.listOpen(caller), query);
      return { status: 200, body: { items: items.map((open) => toWireAccount(open)) } };
    }),
    operationWithBody('createAccount', 'AccountRequest', async ({ caller, body }) => {
      const created = await inTransaction((tx) => accounts.create(tx, caller, fromWireAccountRequest(body)));
      return { status: 200, body: toWireAccount(created) };
    }),
    operation<{ with_totals?: boolean }>('getAccount', async ({ caller, path, query }) => {
      const open = await accounts.getOpen(caller, path.accountId!);
      const count = query.with_totals ? await nodes.count(open.account.id) : undefined;
      return { status: 200, body: toWireAccount(open, count) };
    }),
    operationWithBody('updateAccount', 'AccountUpdateRequest', async ({ caller, path, body }) => {
      if (body.account_status === 'Deactivated' || body.enabled === false) {
        const message = 'Accounts can not be deactivated here: take its users and tokens away, or delete it.';
        throw new CatalogError('FEATURE_NOT_SUPPORTED', message);
      }
      const changes = fromWireAccountUpdate(body);
      const updated = await inTransaction((tx) => accounts.update(tx, caller, path.accountId!, changes));
      return { status: 200, body: toWireAccount(updated) };
    }),
    operation('deleteAccount', async ({ caller, path }) => {
      await inTransaction((tx) => accounts.delete(tx, caller, path.accountId!));
      return { status: 204 };
    }),
  ];
}

/** Few accounts are open to one caller, so they are all read. */
function page(all: OpenAccount[], query: ListQuery): OpenAccount[] {
  const { limit, sort } = sliceOf(query, SORT_KEYS);
  const valueOf = ({ account }: OpenAccount, field: 'name' | 'createdAt') =>
    field === 'name' ? account.name : account.createdAt.getTime();
  const sorted = [...all].sort((a, b) => {
    for (const { field, descending } of sort) {
      const [x, y] = [valueOf(a, field), valueOf(b, field)];
      if (x !== y) return x < y === descending ? 1 : -1;
    }
    return 0;
  });
  return sorted.slice(startOf(sorted, query.previous_id), startOf(sorted, query.previous_id) + limit);
}

function startOf(sorted: OpenAccount[], previousId: string | undefined): number {
  if (previousId === undefined) return 0;
  const at = sorted.findIndex(({ account }) => account.id === previousId.toLowerCase());
  if (!isUuid(previousId) || at < 0) throw badInput('previous_id is none of your accounts.');
  return at + 1;
}
