// CCM's paths of signing in and out. Some clients keep the token, others the cookie.
import type { IncomingHttpHeaders } from 'node:http';
import { requireIssuer, idpIdOf } from '../../auth/oidc.js';
import type { OidcConfig } from '../../auth/oidc.js';
import {
  basicCredentials,
  cookieToken,
  endedSessionCookie,
  sessionCookie,
  tokenFrom,
} from '../../auth/request-token.js';
import type { SessionInfo, StartedSession } from '../../auth/session.service.js';
import { isAccessToken } from '../../auth/tokens.js';
import { CatalogError } from '../../lib/errors.js';
import type { RouteResponse } from '../../lib/route.js';
import { toWireSession } from './account-codec.js';
import type { CcmServices } from './ccm-services.js';
import { operation, operationWithBody } from './operation.js';
import type { CcmOperation, CcmRequest } from './operation.js';
import type { WireAuthRequest, WireOauthGrant } from './wire-accounts.js';

type SessionServices = Pick<
  CcmServices,
  'inTransaction' | 'sessions' | 'tokens' | 'externalUsers' | 'isPublicUrlSecure' | 'version'
>;

export function sessionRoutes(services: SessionServices): CcmOperation[] {
  const { inTransaction, sessions, version } = services;
  return [
    operationWithBody('authenticateUser', 'AuthRequest', async ({ body, headers, remoteAddress }) => {
      const started = await signIn(services, body, headers, remoteAddress);
      const answer = { access_token: started.token, session_info: toWireSession(started.session) };
      // No other site's page may sign a browser in, as whom it likes.
      if (isForeign(headers)) return { status: 200, body: answer };
      return withCookie(services, { status: 200, body: answer }, started.session, started.token);
    }),
    operationWithBody('discover', 'AuthDiscoverRequest', async () => ({
      status: 200,
      body: { auth_methods: [{ password: {} }, ...oauthGrant(services.externalUsers?.oidc.config)] },
    })),
    operation('refresh', async (request) => {
      const session = await inTransaction((tx) => sessions.refresh(tx, request.caller));
      return answerSession(services, request, session);
    }),
    operation('terminate', async ({ caller }) => {
      await inTransaction((tx) => sessions.end(tx, caller));
      return { status: 204, headers: { 'set-cookie': endedSessionCookie(services.isPublicUrlSecure) } };
    }),
    operationWithBody('selectAccountBodrum', 'SelectAccountRequest', async (request) => {
      const { caller, path, body } = request;
      const account = path.accountId!;
      const session = await inTransaction((tx) => sessions.selectAccount(tx, caller, account, body?.invitation));
      return answerSession(services, request, session);
    }),
    operation('selectAccount', async (request) => {
      const { caller, path } = request;
      const session = await inTransaction((tx) => sessions.selectAccount(tx, caller, path.accountId!));
      return answerSession(services, request, session);
    }),
    operation('getManagerVersion', async () => ({ status: 200, body: { version } })),
  ];
}

const isForeign = (headers: IncomingHttpHeaders): boolean =>
  ['cross-site', 'same-site'].includes(String(headers['sec-fetch-site']));

/** By HTTP Basic, or by the code of an issuer. */
async function signIn(
  { sessions, tokens, externalUsers, inTransaction }: SessionServices,
  body: WireAuthRequest | undefined,
  headers: IncomingHttpHeaders,
  address: string,
): Promise<StartedSession> {
  const login = basicCredentials(headers);
  if (login && isAccessToken(login.password)) return sessions.withToken(tokens, login.password);
  if (login) return sessions.signIn(login.username, login.password, address);
  const grant = body?.oauth_auth_code;
  if (!grant) {
    const message = 'Send `Authorization: Basic` with address and password.';
    throw new CatalogError('UNAUTHENTICATED', message, { reason: 'AUTH_FAILED' });
  }
  const { config } = externalUsers?.oidc ?? {};
  if (!externalUsers || !config?.client) {
    throw new CatalogError('FEATURE_NOT_SUPPORTED', 'No OIDC issuer is configured: OIDC_ISSUER and OIDC_CLIENT_ID.');
  }
  requireIssuer(config, grant.idp_id);
  const identity = await externalUsers.exchange(config.client, grant.code, address);
  const { userId } = await externalUsers.signIn(identity, address);
  return inTransaction((tx) => sessions.start(tx, userId));
}

/** The state is the client's own business, as it starts the flow; it is told none. */
function oauthGrant(config: OidcConfig | undefined): { oauth_code_grant: WireOauthGrant }[] {
  if (!config?.client) return [];
  const { id, authorizationUrl, redirectUrl } = config.client;
  const grant = { name: new URL(config.issuer).host, icon_url: '', authorization_url: authorizationUrl, client_id: id };
  return [{ oauth_code_grant: { ...grant, redirect_uri: redirectUrl, state: '', idp_id: idpIdOf(config.issuer) } }];
}

/** Who brought a cookie gets it again, with its new end. */
function answerSession(
  services: SessionServices,
  { headers }: Pick<CcmRequest<object, unknown>, 'headers'>,
  session: SessionInfo,
): RouteResponse {
  const response = { status: 200, body: { session_info: toWireSession(session) } };
  const token = tokenFrom(headers) === undefined ? cookieToken('GET', headers) : undefined;
  return token === undefined ? response : withCookie(services, response, session, token);
}

function withCookie(
  { isPublicUrlSecure }: SessionServices,
  response: RouteResponse,
  { tokenExpiresAt }: SessionInfo,
  token: string,
): RouteResponse {
  const maxAgeSeconds = Math.max(0, Math.floor((tokenExpiresAt.getTime() - Date.now()) / 1000));
  return { ...response, headers: { 'set-cookie': sessionCookie(token, maxAgeSeconds, isPublicUrlSecure) } };
}
