// What one suite asks of every format: its documents, its paths, and how its vendor says what is wrong.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OriginKind, VendorDocument } from '../../../src/builds/origin.entity.js';
import type { OriginDraft } from '../../../src/builds/origin.service.js';
import type { TestGateway } from '../../support/gateway.js';

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: any;
}

/** A format's paths on a gateway, called by somebody who may. */
export interface Wire {
  get(id: string): Promise<Answer>;
  /** Ids on one page of at most `size`, and what leads to the next one; undefined after the last. */
  list(size: number, next: string | undefined): Promise<{ ids: string[]; next: string | undefined }>;
  /** A request whose body is not what it should be. */
  sendBadBody(): Promise<Answer>;
  getWithoutToken(id: string): Promise<Answer>;
}

export interface FormatContract {
  name: string;
  kind: OriginKind;
  /** By what they are; between them they have every member that the format's description has. */
  documents: Record<string, VendorDocument>;
  /** Which that is: of schema/openapi/<name>.yaml the schema of that name, and what no document can bring. */
  described: { openApi: string; schema: string; except: string[] };
  /** One with this id and hardly anything else. */
  smallDocument(number: number): VendorDocument;
  toOriginDraft(document: VendorDocument): Omit<OriginDraft, 'sourceKey' | 'listHash'>;
  connect(gateway: TestGateway): Promise<Wire>;
  /** The document in what `get` answers. */
  documentIn(body: any): VendorDocument;
  /** What is compared of a document: the rest is what this catalog says of its own, as when it got the build. */
  comparable(document: any): object;
  unknownId: string;
  unknown: object;
  badBody: object;
  missingToken: object;
  /** A mutation and its input; what `createdId` finds in its payload is what `get` takes, and answers `created`. */
  mutation: {
    name: string;
    text: string;
    input: object;
    /** More of the input, which must be made first. */
    prepare?(gateway: TestGateway): Promise<object>;
    createdId(payload: any): string;
    created: object;
  };
}

/** An app that is there. */
export const CONTRACT_APP = '7b3f9a52-4c1d-4e8a-9f60-aaaaaaaaaaaa';

export const fixture = (name: string): VendorDocument =>
  JSON.parse(readFileSync(join(__dirname, '..', '..', 'fixtures', `${name}.json`), 'utf8')) as VendorDocument;

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: response.status, headers: Object.fromEntries(response.headers), body };
}

export const without = (document: object, members: string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(document).filter(([member]) => !members.includes(member)));
