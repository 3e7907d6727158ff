// Reads image sources.
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { containsText } from '../db/contains-text.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { ordersOf, readOffsetRows } from '../db/offset-page.js';
import type { SortedSlice } from '../lib/offset.js';
import { ImageSource } from './image-source.entity.js';

const ORDERS = {
  id: 'source.id',
  name: 'source.name',
  identifier: 'source.identifier',
  state: 'source.state',
  created: 'source.createdAt',
  updated: 'source.updatedAt',
};

/** What is left out does not restrict. */
export interface ImageSourceListing extends SortedSlice<keyof typeof ORDERS> {
  identifiers?: string[];
  states?: string[];
  /** Contained in the name or the identifier. */
  text?: string;
}

const read = (row: Row): ImageSource => fromRow(ImageSource, row);

export class ImageSourceQuery {
  constructor(private readonly reader: EntityManager) {}

  async byIds(accountId: string, ids: readonly string[]): Promise<ImageSource[]> {
    const query = selectRows(this.reader, ImageSource, 'source').where({ accountId, id: In([...ids]) });
    return (await query.getRawMany<Row>()).map(read);
  }

  /** Ids of the sources with these identifiers. */
  async idsOf(accountId: string, identifiers: readonly string[]): Promise<string[]> {
    const where = { accountId, identifier: In([...identifiers]) };
    return (await this.reader.find(ImageSource, { select: { id: true }, where })).map(({ id }) => id);
  }

  list(accountId: string, listing: ImageSourceListing): Promise<ImageSource[]> {
    const query = selectRows(this.reader, ImageSource, 'source').where({ accountId });
    const { identifiers, states, text, sort, limit, offset } = listing;
    if (identifiers) query.andWhere({ identifier: In(identifiers) });
    if (states) query.andWhere({ state: In(states) });
    if (text) containsText(query, ['name', 'identifier'], text, { field: ['filter', 'search'], limit: 1024 });
    return readOffsetRows(query, { orders: ordersOf(sort, ORDERS), limit, offset }, read);
  }
}
