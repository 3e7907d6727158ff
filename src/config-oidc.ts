// The variables of the OIDC issuer, read by config.ts.
import { readFileSync } from 'node:fs';
import type { OidcClient, OidcConfig, OidcRule } from './auth/oidc.js';
import { Role } from './auth/principal.js';
import { isUuid } from './lib/ids.js';

/** Undefined where OIDC_ISSUER is not set. Throws an error that names the variable where a value can't be right. */
export function oidcConfig(read: (name: string) => string): OidcConfig | undefined {
  const text = (name: string) => read(name) || missing(name);
  const client = oidcClient(read);
  const rules = read('OIDC_RULES');
  const audience = read('OIDC_AUDIENCE');
  const keys = read('OIDC_KEYS');
  const issuer = read('OIDC_ISSUER');
  if (!issuer) {
    if (client || rules || audience || keys) missing('OIDC_ISSUER');
    return undefined;
  }
  url('OIDC_ISSUER', issuer);
  if (!audience) missing('OIDC_AUDIENCE');
  checkKeys(text('OIDC_KEYS'));
  return { issuer, audience, keys, rules: parseRules(rules || missing('OIDC_RULES')), client };
}

const CLIENT = [
  'OIDC_CLIENT_ID',
  'OIDC_CLIENT_SECRET',
  'OIDC_AUTHORIZATION_URL',
  'OIDC_TOKEN_URL',
  'OIDC_REDIRECT_URL',
] as const;

function oidcClient(read: (name: string) => string): OidcClient | undefined {
  const [id, secret, authorizationUrl, tokenUrl, redirectUrl] = CLIENT.map(read) as [
    string,
    string,
    string,
    string,
    string,
  ];
  if (!id) return undefined;
  if (!secret) missing('OIDC_CLIENT_SECRET');
  url('OIDC_AUTHORIZATION_URL', authorizationUrl);
  url('OIDC_TOKEN_URL', tokenUrl);
  url('OIDC_REDIRECT_URL', redirectUrl);
  return { id, secret, authorizationUrl, tokenUrl, redirectUrl };
}

function url(name: string, text: string): void {
  if (URL.canParse(text) && /^https?:/.test(text)) return;
  throw new Error(`${name} must be a URL; it is ${JSON.stringify(text)}`);
}

function checkKeys(keys: string): void {
  if (/^https?:\/\//.test(keys)) return url('OIDC_KEYS', keys);
  try {
    readFileSync(keys);
  } catch {
    throw new Error(`OIDC_KEYS must be the URL of a JWKS or a file; there is no file ${JSON.stringify(keys)}`);
  }
}

function parseRules(text: string): OidcRule[] {
  const wrong =
    'OIDC_RULES must be a JSON list of {"claim", "value", "account", "role"}, the account being an id or default, the role READER, WRITER or MANAGER';
  let rules: unknown;
  try {
    rules = JSON.parse(text);
  } catch {
    throw new Error(wrong);
  }
  if (!Array.isArray(rules) || !rules.every(isRule)) throw new Error(wrong);
  return rules;
}

function isRule(rule: unknown): rule is OidcRule {
  const { claim, value, account, role } = (rule ?? {}) as Record<string, unknown>;
  const isText = (one: unknown) => typeof one === 'string' && one !== '';
  const hasClaim = claim === undefined ? value === undefined : isText(claim) && isText(value);
  return hasClaim && (account === 'default' || isUuid(String(account))) && Object.values(Role).includes(role as Role);
}

function missing(name: string): never {
  throw new Error(`${name} is needed where other variables of OIDC are set`);
}
