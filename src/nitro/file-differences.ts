// Matches the entries of two ramdisks by name while they are read, and keeps what differs.
// Where names stand in an archive is measured too, so a mere change of order is one of the changes.
import { changesOf, printed, stateOf } from './changed-file.js';
import type { ChangedFile, FileChange, SeenFile } from './changed-file.js';
import { InvalidEif } from './invalid-eif.js';

export interface DiffLimits {
  /** Changed files that are told; the others are only counted. */
  files: number;
  /** Entries that one EIF has and the other has not shown, and the bytes of their names. */
  pendingEntries: number;
  pendingNameBytes: number;
}

export const DEFAULT_DIFF_LIMITS: DiffLimits = {
  files: 1000,
  pendingEntries: 250_000,
  pendingNameBytes: 128 * 1024 ** 2,
};

export interface RamdiskDifferences {
  /** Changed ones in the order of the archives, then removed and added ones. */
  files: ChangedFile[];
  count: number;
  /** The first in the archives. */
  first: string | null;
}

type Side = 'a' | 'b';
interface Pending extends SeenFile {
  index: number;
  /** The next one of the same name: a list by hand, since a hostile archive has one name a million times. */
  next?: Pending;
}
type SameName = { head: Pending; tail: Pending };

export class FileDifferences {
  private readonly pending = { a: new Map<string, SameName>(), b: new Map<string, SameName>() };
  private readonly seen = { a: 0, b: 0 };
  private readonly lastMatched = { a: -1, b: -1 };
  private readonly waiting = { a: 0, b: 0 };
  private nameBytes = 0;
  private readonly files: ChangedFile[] = [];
  private count = 0;
  private inOrder = true;
  private first = { position: Infinity, path: null as string | null };

  constructor(private readonly limits: DiffLimits) {}

  pendingOf(side: Side): number {
    return this.waiting[side];
  }

  see(side: Side, file: SeenFile): void {
    const index = this.seen[side]++;
    const other = side === 'a' ? 'b' : 'a';
    const counterpart = this.takePending(other, file.file.name);
    if (!counterpart) this.wait(side, { ...file, index });
    else if (side === 'a') this.match({ ...file, index }, counterpart);
    else this.match(counterpart, { ...file, index });
  }

  end(): RamdiskDifferences {
    for (const file of this.rest('a')) this.add(file, ['REMOVED'], file, null);
    for (const file of this.rest('b')) this.add(file, ['ADDED'], null, file);
    return { files: this.files, count: this.count, first: this.first.path };
  }

  private match(a: Pending, b: Pending): void {
    const changes = changesOf(a, b);
    if (changes.length > 0) this.add(a.file.position < b.file.position ? a : b, changes, a, b);
    // A pair that is complete only after one that stands behind it on both sides cannot be: these two have crossed.
    const crossed = a.index < this.lastMatched.a || b.index < this.lastMatched.b;
    if (crossed && this.inOrder) this.add(a.file.position < b.file.position ? a : b, ['ORDER'], a, b);
    if (crossed) this.inOrder = false;
    this.lastMatched.a = Math.max(this.lastMatched.a, a.index);
    this.lastMatched.b = Math.max(this.lastMatched.b, b.index);
  }

  private add(at: SeenFile, changes: FileChange[], a: SeenFile | null, b: SeenFile | null): void {
    this.count++;
    const { name, position } = at.file;
    if (position < this.first.position) this.first = { position, path: printed(name) };
    if (this.files.length >= this.limits.files) return;
    this.files.push({ path: printed(name), changes, a: a && stateOf(a), b: b && stateOf(b) });
  }

  private wait(side: Side, file: Pending): void {
    const { name } = file.file;
    const list = this.pending[side].get(name);
    if (list) list.tail = list.tail.next = file;
    else this.pending[side].set(name, { head: file, tail: file });
    this.waiting[side]++;
    this.nameBytes += name.length + file.target.length;
    const { pendingEntries, pendingNameBytes } = this.limits;
    if (this.waiting.a + this.waiting.b > pendingEntries || this.nameBytes > pendingNameBytes) {
      throw new InvalidEif('it has too many files that differ from those of the other');
    }
  }

  private takePending(side: Side, name: string): Pending | undefined {
    const list = this.pending[side].get(name);
    if (!list) return undefined;
    const file = list.head;
    if (file.next) list.head = file.next;
    else this.pending[side].delete(name);
    this.waiting[side]--;
    this.nameBytes -= name.length + file.target.length;
    return file;
  }

  private rest(side: Side): Pending[] {
    const files: Pending[] = [];
    for (const { head } of this.pending[side].values()) {
      for (let file: Pending | undefined = head; file; file = file.next) files.push(file);
    }
    return files.sort((x, y) => x.index - y.index);
  }
}
