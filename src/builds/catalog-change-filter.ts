// Which changes a subscriber of the catalog is told of.
import { Field, ID, InputType } from 'type-graphql';
import type { CatalogChange } from '../events/catalog-change.js';
import type { CatalogChanges, PickChanges } from '../events/catalog-changes.js';
import { CatalogChangeKind } from '../events/catalog-log.entity.js';
import { BuildStatusType } from './build-parts.js';
import { OriginKind } from './origin.entity.js';
import type { OriginQuery } from './origin.query.js';

/** What a reader may follow; the rest is the audit trail. */
export const ENTRY_TYPES: readonly string[] = ['Build', 'App'];
/** Documents of a build take up to 768 KiB; what is kept of them is a word or two. */
const DOCUMENTS_AT_ONCE = 20;

@InputType({
  description: 'Which changes to tell; each field that is given must hold. Numbers go on over those that are not told.',
})
export class CatalogChangeFilter {
  @Field(() => [String], {
    nullable: true,
    description:
      'Changes of entities of these types: Build and App where left out. Others (Task, Deployment, User, AccessToken, CatalogLog ...) are the audit trail, and need MANAGER; their `entry` is null.',
  })
  entityType?: string[] | null;

  @Field(() => [CatalogChangeKind], { nullable: true, description: 'Any of these; a GAP is always told.' })
  kind?: CatalogChangeKind[] | null;

  @Field(() => ID, { nullable: true, description: 'Changes of one entity.' })
  entityId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Changes of this app, and of builds that belonged to it before or after the change.',
  })
  appId?: string | null;

  @Field(() => [OriginKind], {
    nullable: true,
    description:
      'Changes of builds that came from these systems. Of a build that was deleted since, the deletion alone is told.',
  })
  originKind?: OriginKind[] | null;

  @Field(() => [BuildStatusType], {
    nullable: true,
    description:
      'Changes of builds whose review stood at one of these before or after: also the change that ends it. What happens to all builds of an app at once, when it is deleted, is not told.',
  })
  status?: BuildStatusType[] | null;
}

/** What the documents of a change say that a filter asks for. */
interface Facts {
  appIds: unknown[];
  statuses: unknown[];
  originKind?: unknown;
}

type Documents = Pick<CatalogChanges, 'documents'>;

/** What only documents tell is read for the changes that everything else speaks for. */
export function pickChanges(
  accountId: string,
  filter: CatalogChangeFilter,
  documents: Documents,
  origins: Pick<OriginQuery, 'kindsOf'>,
): PickChanges {
  const { appId, originKind, status } = filter;
  if (!appId && !originKind && !status) return async (changes) => changes.filter((change) => isOf(change, filter));
  return async (all) => {
    const changes = all.filter((change) => isOf(change, filter));
    const facts = await readFacts(accountId, changes, documents);
    const buildIds = originKind ? changes.filter(isOfBuild).map(({ entityId }) => entityId) : [];
    const kinds = await origins.kindsOf(accountId, [...new Set(buildIds)]);
    return changes.filter((change) => {
      const { appIds = [], statuses = [], originKind: kept } = facts.get(change.seq) ?? {};
      const kind = kinds.get(change.entityId) ?? kept;
      const app = appId?.toLowerCase();
      return (
        (!app || appIds.includes(app) || (change.entityType === 'App' && change.entityId === app)) &&
        (!status || (isOfBuild(change) && status.some((one) => statuses.includes(one)))) &&
        (!originKind || (isOfBuild(change) && originKind.includes(kind as OriginKind)))
      );
    });
  };
}

const isOfBuild = ({ entityType }: CatalogChange): boolean => entityType === 'Build';

function isOf(change: CatalogChange, { entityType, kind, entityId }: CatalogChangeFilter): boolean {
  return (
    (entityType ?? ENTRY_TYPES).includes(change.entityType) &&
    (!kind || kind.includes(change.kind)) &&
    (!entityId || entityId.toLowerCase() === change.entityId)
  );
}

async function readFacts(
  accountId: string,
  changes: CatalogChange[],
  documents: Documents,
): Promise<Map<number, Facts>> {
  const facts = new Map<number, Facts>();
  for (let at = 0; at < changes.length; at += DOCUMENTS_AT_ONCE) {
    const seqs = changes.slice(at, at + DOCUMENTS_AT_ONCE).map(({ seq }) => seq);
    for (const { seq, before, after } of await documents.documents(accountId, seqs)) {
      const both = [before, after].map((document) => (document ?? {}) as Record<string, unknown>);
      facts.set(seq, {
        appIds: both.map((document) => document.appId),
        statuses: both.map((document) => document.statusType),
        originKind: both[0]!.originKind,
      });
    }
  }
  return facts;
}
