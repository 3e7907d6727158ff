// Filters of builds by where they came from. By what exists for a build, so that a page of a long list is found by
// reading few builds more than it has.
import { In } from 'typeorm';
import type { SelectQueryBuilder } from 'typeorm';
import type { Build } from './build.entity.js';
import type { BuildFilter } from './build.input.js';
import { Origin, OriginKind, SERVED } from './origin.entity.js';

/** @param query of the alias `build` */
export function restrictOrigins(query: SelectQueryBuilder<Build>, filter: BuildFilter): void {
  const { originKind, sourceId, isImported, madeHere, isGone, phase, imageDigest } = filter;
  if (originKind?.length === 0 || phase?.length === 0) query.andWhere('1 = 0');
  if (originKind?.length) query.andWhere(whereOrigin(query, true, 'o.kind IN (:...kinds)'), { kinds: originKind });
  if (sourceId) query.andWhere(whereOrigin(query, true, 'o.sourceKey = :sourceId'), { sourceId });
  if (typeof isImported === 'boolean')
    query.andWhere(whereOrigin(query, isImported, 'o.sourceKey <> :served'), { served: SERVED });
  if (typeof madeHere === 'boolean') query.andWhere(whereOrigin(query, !madeHere));
  if (typeof isGone === 'boolean') query.andWhere(whereOrigin(query, isGone, 'o.goneAt IS NOT NULL'));
  if (phase?.length) query.andWhere({ phase: In(phase) });
  if (imageDigest) query.andWhere({ imageDigest: imageDigest.toLowerCase().replace(/^sha256:/, '') });
}

function whereOrigin(query: SelectQueryBuilder<Build>, exists: boolean, condition = '1 = 1'): string {
  const origins = query
    .subQuery()
    .select('1')
    .from(Origin, 'o')
    .where(`o.accountId = build.accountId AND o.id = build.id AND ${condition}`);
  return `${exists ? '' : 'NOT '}EXISTS ${origins.getQuery()}`;
}

/** Shorter texts are in very many ids. */
const MIN_ID_LENGTH = 6;
/** Comes after all that ids have. */
const LAST = '\uFFFD';

/**
 * The condition that the vendor's id begins with a text, which the index over ids finds; undefined for texts that no
 * vendor's id begins with.
 * @param query of the alias `build`, with the parameter `accountId`
 */
export function originFoundBy(query: SelectQueryBuilder<Build>, text: string): string | undefined {
  const isId = text.startsWith('arn:') || /^[0-9a-f-]+$/i.test(text);
  if (!isId || text.length < MIN_ID_LENGTH) return undefined;
  const from = text.startsWith('arn:') ? text : text.toLowerCase();
  query.setParameters({ idFrom: from, idTo: `${from}${LAST}`, allKinds: Object.values(OriginKind) });
  const found = query
    .subQuery()
    .select('o.id')
    .from(Origin, 'o')
    .where(
      'o.accountId = :accountId AND o.kind IN (:...allKinds) AND o.externalId >= :idFrom AND o.externalId < :idTo',
    );
  return `build.id IN ${found.getQuery()}`;
}
