// The lines of the authorisation table for CCM's paths of sessions, accounts and users.
import { ccm } from './authorization-ccm.js';
import type { CcmLine } from './authorization-ccm.js';
import { aMember } from './authorization-mutations.js';
import { PASSWORD } from './authorization-world.js';

/** Of the user without an account, whoever sends it. */
const LOGIN = { authorization: `Basic ${Buffer.from(`user@example.com:${PASSWORD}`).toString('base64')}` };

const SESSIONS: CcmLine[] = [
  ccm('authenticateUser', 'ANYONE', 'POST /v1/sys/auth', 'OK', { headers: LOGIN }),
  ccm('discover', 'ANYONE', 'POST /v1/sys/auth/discover', 'OK', { body: ({ email }) => ({ user_email: email }) }),
  ccm('refresh', 'USER', 'POST /v1/sys/session/refresh', 'OK', { machines: 'OK' }),
  ccm('terminate', 'USER', 'POST /v1/sys/session/terminate', 'OK', { machines: 'OK', endsSession: true }),
  ccm('selectAccountBodrum', 'USER', 'POST /v1/sys/session/select_account/{account-id}', 'NOT_FOUND', {
    ...{ needs: 'READER', machines: 'OK' },
  }),
  ccm('selectAccount', 'USER', 'POST /v1/accounts/select_account/{account-id}', 'NOT_FOUND', {
    ...{ needs: 'READER', machines: 'OK' },
  }),
  ccm('getManagerVersion', 'ANYONE', 'GET /v1/sys/version', 'OK'),
];

const ACCOUNTS: CcmLine[] = [
  ccm('getAccounts', 'USER', 'GET /v1/accounts', 'OK', { machines: 'OK' }),
  ccm('getAccounts', 'USER', 'GET /v1/accounts', 'BAD_USER_INPUT', {
    ...{ what: 'after one of them', query: ({ account }) => `previous_id=${account}` },
    // Only the one account is open to a token of a machine, and nothing comes after it.
    ...{ needs: 'READER', allowed: 'EMPTY' },
  }),
  ccm('createAccount', 'USER', 'POST /v1/accounts', 'OK', {
    ...{ machines: 'FORBIDDEN', body: (_ids, fresh) => ({ name: fresh }) },
  }),
  ccm('getAccount', 'USER', 'GET /v1/accounts/{account-id}', 'NOT_FOUND', { needs: 'READER', machines: 'OK' }),
  ccm('getAccount', 'USER', 'GET /v1/accounts/{account-id}', 'NOT_FOUND', {
    ...{ what: 'with its counts', needs: 'READER', query: () => 'with_totals=true' },
  }),
  ccm('updateAccount', 'MANAGER', 'PATCH /v1/accounts/{account-id}', 'NOT_FOUND', { body: () => ({ name: 'other' }) }),
  ccm('deleteAccount', 'MANAGER', 'DELETE /v1/accounts/{account-id}', 'NOT_FOUND', { allowed: 'BAD_USER_INPUT' }),
];

const USERS: CcmLine[] = [
  ccm('getLoggedInUser', 'USER', 'GET /v1/user', 'OK', { machines: 'NOT_FOUND' }),
  ccm('getAllUsers', 'READER', 'GET /v1/users', 'OK'),
  ccm('getAllUsers', 'READER', 'GET /v1/users', 'EMPTY', {
    ...{ what: 'by an address', query: ({ email }) => `all_search=${encodeURIComponent(email)}` },
  }),
  ccm('createUser', 'ANYONE', 'POST /v1/users', 'OK', {
    // With a token it makes somebody in the account of the token, without one oneself.
    ...{ needs: 'MANAGER', except: { user: 'NO_ACCOUNT' } },
    body: (_ids, fresh) => ({ user_email: `${fresh}@example.com`, user_password: PASSWORD }),
  }),
  ccm('inviteUser', 'MANAGER', 'POST /v1/users/invite', 'OK', {
    body: (_ids, fresh) => ({ user_email: `${fresh}@example.com`, roles: ['READER'] }),
  }),
  ccm('getUser', 'USER', 'GET /v1/users/{user-id}', 'NOT_FOUND', { needs: 'READER' }),
  ccm('UpdateUser', 'USER', 'PATCH /v1/users/{user-id}', 'NOT_FOUND', {
    ...{ what: "somebody else's rights", needs: 'MANAGER', body: () => ({ roles: ['READER'] }) },
  }),
  ccm('UpdateUser', 'USER', 'PATCH /v1/users/{user-id}', 'NOT_FOUND', {
    ...{ what: "somebody else's name", needs: 'MANAGER', allowed: 'FORBIDDEN', body: () => ({ first_name: 'other' }) },
  }),
  ccm('deleteUserAccount', 'USER', 'DELETE /v1/users/{user-id}', 'NOT_FOUND', {
    ...{ what: 'somebody else', needs: 'MANAGER', throwAway: aMember, except: { user: 'NO_ACCOUNT' } },
  }),
  ccm('getUserAccounts', 'USER', 'GET /v1/users/{user-id}/accounts', 'NOT_FOUND', {
    ...{ what: 'of somebody else', needs: 'READER' },
  }),
  ccm('deleteUserFromAccount', 'READER', 'DELETE /v1/users/{user-id}/accounts', 'NOT_FOUND', {
    ...{ what: 'somebody else', needs: 'MANAGER', throwAway: aMember },
  }),
];

export const CCM_PEOPLE: CcmLine[] = [...SESSIONS, ...ACCOUNTS, ...USERS];
