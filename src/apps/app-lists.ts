// Lists of apps by offset, and what labels there are: how CCM's clients read.
import { MoreThan } from 'typeorm';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { containsText } from '../db/contains-text.js';
import { inGroups } from '../db/in-groups.js';
import { fromRow, selectRows } from '../db/from-row.js';
import { ordersOf, readOffsetPage } from '../db/offset-page.js';
import type { OffsetPage, SortedSlice } from '../lib/offset.js';
import { APP_DOCUMENTS as documents } from './app.check.js';
import { App } from './app.entity.js';

export type AppSortField = 'createdAt' | 'updatedAt' | 'name';

/** What apps are narrowed down by; all that is given must hold. */
export interface AppRestrictions {
  /** Contained, whatever the case. */
  name?: string | null;
  description?: string | null;
  /** Contained in name, description or either image name. */
  text?: string | null;
  groupIds?: string[] | null;
}

export interface AppListing extends SortedSlice<AppSortField>, AppRestrictions {}

export interface LabelCount {
  key: string;
  value: string;
  /** How many apps have it. */
  count: number;
}

const APPS_AT_ONCE = 100;
const MAX_LABELS = 10_000;
const MAX_LABEL_CHARACTERS = 8 * 1024 * 1024;

const SORT_EXPRESSIONS: Record<AppSortField, string> = {
  createdAt: 'app.createdAt',
  updatedAt: 'app.updatedAt',
  name: 'app.name',
};

export function listAppsByOffset(
  reader: EntityManager,
  accountId: string,
  listing: AppListing,
): Promise<OffsetPage<App>> {
  const { sort, limit, offset, ...restrictions } = listing;
  const all = selectRows(reader, App, 'app').where({ accountId });
  const query = all.clone();
  restrictApps(query, restrictions);
  const orders = ordersOf(sort, SORT_EXPRESSIONS);
  return readOffsetPage(query, { orders, limit, offset, documents }, (row) => fromRow(App, row), all);
}

export function restrictApps(query: SelectQueryBuilder<App>, restrictions: AppRestrictions): void {
  const { name, description, text, groupIds } = restrictions;
  if (name) containsText(query, ['name'], name, { field: ['filter', 'name'] });
  if (description) containsText(query, ['description'], description, { field: ['filter', 'description'] });
  const texts = ['name', 'description', 'inputImageName', 'outputImageName'];
  if (text) containsText(query, texts, text);
  if (groupIds) inGroups(query, groupIds);
}

/**
 * The labels of all apps, sorted by key and value: the first 10,000, and of those no more than 8 Mi characters. Read in
 * pages: neither database counts in documents alike.
 */
export async function countLabels(reader: EntityManager, accountId: string): Promise<LabelCount[]> {
  const labels = new FirstLabels();
  for (let after = ''; ;) {
    const where = { accountId, id: MoreThan(after) };
    const order = { id: 'ASC' } as const;
    const apps = await reader.find(App, { select: { id: true, labels: true }, where, order, take: APPS_AT_ONCE });
    for (const app of apps) labels.add(app.labels);
    if (apps.length < APPS_AT_ONCE) break;
    after = apps.at(-1)!.id;
  }
  return labels.take();
}

/** Holds about twice what it gives. What it drops comes behind so many others that it can not be among the first. */
class FirstLabels {
  private counts = new Map<string, LabelCount>();
  private characters = 0;

  add(labels: Record<string, string>): void {
    for (const [key, value] of Object.entries(labels)) {
      const id = JSON.stringify([key, value]);
      const known = this.counts.get(id);
      if (known) known.count += 1;
      else this.counts.set(id, { key, value, count: 1 });
      if (!known) this.characters += sizeOf({ key, value });
    }
    if (this.counts.size > 2 * MAX_LABELS || this.characters > 2 * MAX_LABEL_CHARACTERS) this.take();
  }

  take(): LabelCount[] {
    const sorted = [...this.counts].sort(([, a], [, b]) => compare(a.key, b.key) || compare(a.value, b.value));
    let characters = 0;
    let kept = 0;
    for (const [, label] of sorted.slice(0, MAX_LABELS)) {
      if (characters + sizeOf(label) > MAX_LABEL_CHARACTERS) break;
      characters += sizeOf(label);
      kept += 1;
    }
    const first = sorted.slice(0, kept);
    this.counts = new Map(first);
    this.characters = characters;
    return first.map(([, label]) => label);
  }
}

const sizeOf = ({ key, value }: Pick<LabelCount, 'key' | 'value'>): number => key.length + value.length;

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
