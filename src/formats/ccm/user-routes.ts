// CCM's paths of users.
import { checkPassword, hashPassword } from '../../auth/passwords.js';
import { highest, requireAccess, Role } from '../../auth/principal.js';
import type { UserStatus } from '../../auth/user.entity.js';
import type { Member } from '../../auth/user.service.js';
import { tokenFrom } from '../../auth/request-token.js';
import { CatalogError } from '../../lib/errors.js';
import { toWireUser } from './account-codec.js';
import type { CcmServices } from './ccm-services.js';
import { sliceOf, toWireList } from './lists.js';
import type { WireSlice } from './lists.js';
import { operation, operationWithBody } from './operation.js';
import type { CcmOperation, CcmRequest } from './operation.js';
import type { WireSignup } from './wire-accounts.js';

type UserServices = Pick<CcmServices, 'inTransaction' | 'users' | 'members' | 'accounts' | 'signIns' | 'isSignUpOpen'>;

const SORT_KEYS = { created_at: 'createdAt', user_email: 'email', last_logged_in_at: 'lastSignInAt' } as const;

export function userRoutes(services: UserServices): CcmOperation[] {
  return [...readingRoutes(services), ...changingRoutes(services)];
}

function readingRoutes({ users, members, accounts }: UserServices): CcmOperation[] {
  return [
    operation('getLoggedInUser', async ({ caller }) => {
      const { userId } = caller;
      if (userId === null) throw new CatalogError('NOT_FOUND', 'The token stands for a machine, not for a user.');
      return answer(await users.show(caller, userId));
    }),
    operation<WireSlice & { all_search?: string }>('getAllUsers', async ({ principal, query }) => {
      const slice = sliceOf(query, SORT_KEYS);
      const page = await members.listByOffset(principal.accountId, { ...slice, text: query.all_search });
      return { status: 200, body: toWireList(page, slice, toWireUser) };
    }),
    operation('getUser', async ({ caller, path }) => answer(await users.show(caller, path.userId!))),
    operation('getUserAccounts', async ({ caller, path }) => {
      const userId = path.userId!;
      if (caller.userId !== userId) {
        const { role, accountStatus: status } = await users.show(caller, userId);
        return { status: 200, body: { [caller.accountId!]: { roles: [role], status } } };
      }
      const open = await accounts.listOpen(caller);
      const entries = open.map(({ account, role, status }) => [account.id, { roles: [role], status }] as const);
      return { status: 200, body: Object.fromEntries(entries) };
    }),
  ];
}

function changingRoutes(services: UserServices): CcmOperation[] {
  const { inTransaction, users } = services;
  return [
    operationWithBody('createUser', 'SignupRequest', async (request) => {
      return answer(await createUser(services, request), 201);
    }),
    operationWithBody('inviteUser', 'InviteUserRequest', async ({ principal, body }) => {
      const input = { ...namesOf(body), email: body.user_email, role: highest(body.roles as Role[]) };
      const { member, secret } = await inTransaction((tx) => users.invite(tx, principal, input));
      return { status: 201, body: { ...toWireUser(member), invitation: secret } };
    }),
    operationWithBody('UpdateUser', 'UpdateUserRequest', async ({ caller, path, body }) => {
      const changes = {
        ...namesOf(body),
        email: body.user_email,
        role: body.roles && highest(body.roles as Role[]),
        accountStatus: body.user_account_status as UserStatus | undefined,
      };
      return answer(await inTransaction((tx) => users.update(tx, caller, path.userId!, changes)));
    }),
    operation('deleteUserAccount', async ({ caller, path }) => {
      await inTransaction((tx) => users.delete(tx, caller, path.userId!));
      return { status: 204 };
    }),
    operation('deleteUserFromAccount', async ({ principal, path }) => {
      await inTransaction((tx) => users.remove(tx, principal, path.userId!));
      return { status: 204 };
    }),
  ];
}

/** With a manager's token somebody in its account, else oneself. */
async function createUser(
  { inTransaction, users, signIns, isSignUpOpen }: UserServices,
  { someone, headers, body, remoteAddress }: CcmRequest<object, WireSignup>,
): Promise<Member> {
  // A manager whose token has ended does not mean to make a user of no account.
  if (!someone && tokenFrom(headers)) throw new CatalogError('UNAUTHENTICATED', 'The token is not known here.');
  if (!someone && !isSignUpOpen) {
    throw new CatalogError('FORBIDDEN', 'Sign-up is closed here: a manager makes or invites users.');
  }
  if (someone) requireAccess(someone, 'MANAGER');
  else await signIns.beginSignUp(remoteAddress);
  const input = { ...namesOf(body), email: body.user_email };
  checkPassword(body.user_password, 'userPassword');
  await users.checkNew(input);
  const hash = await hashPassword(body.user_password);
  return inTransaction(async (tx) => {
    if (!someone) return users.signUp(tx, input, hash);
    requireAccess(someone, 'MANAGER');
    return users.create(tx, someone, { ...input, role: Role.READER }, hash);
  });
}

const namesOf = ({ first_name, last_name }: { first_name?: string; last_name?: string }) => ({
  firstName: first_name,
  lastName: last_name,
});

const answer = (member: Member, status = 200) => ({ status, body: toWireUser(member) });
