// The domains of an app and what asking for others changes: pure rules. What was approved stays in force until a task
// decides about the difference.
import { badInput, invalidState } from '../lib/errors.js';
import type { App } from './app.entity.js';

type Domains = Pick<App, 'allowedDomains' | 'whitelistedDomains' | 'pendingTaskId'>;

const MAX_DOMAINS = 256;
const MAX_DOMAIN_LENGTH = 253;
/** Not only hosts have names: underscores are welcome. */
const DOMAIN = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** In lower case, each once, in the order given; throws BAD_USER_INPUT. */
export function parseDomains(texts: string[]): string[] {
  if (texts.length > MAX_DOMAINS) throw badInput(`At most ${MAX_DOMAINS} domains are kept.`, 'allowedDomains');
  const domains = texts.map((text, index) => {
    const domain = text.toLowerCase();
    if (domain.length <= MAX_DOMAIN_LENGTH && DOMAIN.test(domain)) return domain;
    const message = `${JSON.stringify(text.slice(0, MAX_DOMAIN_LENGTH))} is not a DNS name (\`*.\` may stand in front).`;
    throw badInput(message, 'allowedDomains', String(index));
  });
  return [...new Set(domains)];
}

/**
 * What asking for these domains changes; undefined where it changes nothing. A task is needed where `domainsAdded` or
 * `domainsRemoved` has something. Throws CONFLICT where a task waits that was opened for others.
 */
export function domainChange(
  app: Domains,
  asked: string[],
): Pick<App, 'allowedDomains' | 'domainsAdded' | 'domainsRemoved'> | undefined {
  const isAsked = isSame(asked, app.allowedDomains);
  if (app.pendingTaskId !== null) {
    if (isAsked) return undefined;
    throw invalidState('A task about the domains of the app waits for a decision.', 'allowedDomains');
  }
  const domainsAdded = without(asked, app.whitelistedDomains);
  const domainsRemoved = without(app.whitelistedDomains, asked);
  if (isAsked && domainsAdded.length + domainsRemoved.length === 0) return undefined;
  return { allowedDomains: asked, domainsAdded, domainsRemoved };
}

/** The app's domains once its task is final. */
export const settledDomains = (
  { allowedDomains, whitelistedDomains }: Domains,
  isApproved: boolean,
): Pick<App, 'whitelistedDomains' | 'domainsAdded' | 'domainsRemoved' | 'pendingTaskId'> => ({
  whitelistedDomains: isApproved ? allowedDomains : whitelistedDomains,
  domainsAdded: [],
  domainsRemoved: [],
  pendingTaskId: null,
});

const without = (all: string[], others: string[]): string[] => all.filter((domain) => !others.includes(domain));

const isSame = (a: string[], b: string[]): boolean => a.length === b.length && without(a, b).length === 0;
