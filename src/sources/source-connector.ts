// What a dialect implements so that builds can be imported from its vendor. Connectors know no database: they say what
// the vendor has, page by page, and are told what is known of it.
import type { App } from '../apps/app.entity.js';
import type { OriginKind, VendorDocument } from '../builds/origin.entity.js';
import type { Origin } from '../builds/origin.entity.js';
import type { KnownOrigin } from '../builds/origin.query.js';
import type { OriginDraft } from '../builds/origin.service.js';
import type { ApprovalStatus } from '../tasks/task.entity.js';
import type { SourceCredentials } from './source-credentials.js';
import type { SourceHttp } from './source-http.js';
import type { Source, Watermark } from './source.entity.js';
import type { SyncCursor } from './sync-run.entity.js';

/** How to reach a source. */
export interface SourceAccess extends Pick<Source, 'endpoint' | 'region'> {
  credentials: SourceCredentials;
  http: SourceHttp;
}

export interface SourceReading extends SourceAccess {
  /** Where the run was interrupted; null at its beginning. */
  cursor: SyncCursor | null;
  /** What the last run that succeeded returned; null before the first. */
  watermark: Watermark | null;
  /** What is known already, by the vendor's ids. */
  known(externalIds: readonly string[]): Promise<Map<string, KnownOrigin>>;
  /** How many builds of the source are known and not gone. */
  countKnown(): Promise<number>;
  /** How many of them this run has seen, in what was written so far. */
  countSeen(): Promise<number>;
  warn(code: string, message: string): void;
  now: Date;
}

/** An app of the vendor, which becomes one of the catalog under the vendor's own UUID. */
export interface ImportedApp {
  id: string;
  app: Omit<Partial<App>, 'id' | 'accountId' | 'createdAt' | 'updatedAt'> & { name: string };
  document: VendorDocument;
}

export type ImportedBuild = Omit<OriginDraft, 'sourceKey'>;

/** A document that could not be read. */
export interface Unreadable {
  /** Undefined where not even that could be read. */
  externalId?: string;
  /** One sentence without secrets. */
  message: string;
}

export interface SourcePage {
  builds: ImportedBuild[];
  apps?: ImportedApp[];
  /** Ids, in the catalog, of builds that are as they were. */
  unchanged: string[];
  failed: Unreadable[];
  /** Where a run goes on that was interrupted after this page. */
  cursor: SyncCursor;
  /** Whether nothing is read before all of it is written: the connector then asks how many were seen. */
  isLast?: boolean;
  /** How far it is, by the vendor's own count; undefined where it tells none. */
  progress?: { done: number; total: number };
}

export interface SourceEnd {
  /** Whether every build of the source was seen, so that what was not seen is gone. */
  isComplete: boolean;
  watermark: Watermark;
}

/** Decisions on builds, told to where the builds come from. */
export interface ReviewPort {
  /** The vendor's id of the task that waits for a decision on the build; undefined where there is none. */
  taskIdOf(origin: Pick<Origin, 'document' | 'related'>): string | undefined;
  /** Signs in, so that what can fail before the decision is sent has failed. */
  open(access: SourceAccess): Promise<OpenReviews>;
}

export interface OpenReviews {
  /** How the task was decided there; OPEN while it waits, GONE where there is none or it was closed. */
  read(taskId: string): Promise<ApprovalStatus | 'OPEN' | 'GONE'>;
  /** Sends a decision, once. Resolves where it was taken, throws ReviewRefused where it was not; else nobody knows. */
  send(taskId: string, decision: { status: ApprovalStatus; reason: string | null }): Promise<void>;
}

/** The source answered that it does not take a decision. */
export class ReviewRefused extends Error {}

export interface SourceConnector {
  readonly kind: OriginKind;
  /** Where the vendor itself is. Throws BAD_USER_INPUT where that takes a region and there is none. */
  defaultEndpoint(region: string | null): string;
  /** Throws BAD_USER_INPUT where something is missing that is needed to sign in. */
  checkAccess(access: Pick<SourceAccess, 'region' | 'credentials'>): void;
  /** Everything there is, or what changed since the watermark. Throws JobFailure. */
  read(reading: SourceReading): AsyncGenerator<SourcePage, SourceEnd>;
  readonly reviews?: ReviewPort;
}
