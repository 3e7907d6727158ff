// The tasks of a CCM that wait for a decision on a build: one by one where few are wanted, else all of them at once.
import { JobFailure, JobFailureCode } from '../../lib/job-failure.js';
import { isUuid } from '../../lib/ids.js';
import type { VendorDocument } from '../../builds/origin.entity.js';
import type { SourceReading } from '../../sources/source-connector.js';
import { jsonOf } from '../../sources/source-http.js';
import { ListReader } from './list-reader.js';
import type { CcmSession } from './session.js';
import { objectIn } from '../document-value.js';
import { textOr } from './told.js';

const FEW = 10;
const MAX_TASKS = 50_000;
const MAX_CHARACTERS = 32 * 1024 * 1024;
const MAX_PAGES = 1_000;
const PENDING = { task_type: 'BUILD_WHITELIST', status: 'PENDING' };

export class PendingTasks {
  private all: Promise<Map<string, VendorDocument>> | undefined;

  constructor(
    private readonly session: CcmSession,
    private readonly reading: Pick<SourceReading, 'warn'>,
  ) {}

  /**
   * By their ids; those that can not be read are left out.
   * @param isAll whether more are going to be wanted
   */
  async of(ids: readonly string[], isAll: boolean): Promise<Map<string, VendorDocument>> {
    if (ids.length === 0) return new Map();
    if (this.all || isAll || ids.length > FEW) return (this.all ??= this.readAll());
    const found = new Map<string, VendorDocument>();
    for (const id of ids) {
      const task = await this.read(id);
      if (task) found.set(id, task);
    }
    return found;
  }

  private async read(id: string): Promise<VendorDocument | undefined> {
    if (!isUuid(id)) return undefined;
    const answer = await this.session.ask(`/v1/tasks/${id}`);
    return answer.status === 200 ? objectIn(jsonOf(answer, this.session.host)) : undefined;
  }

  private async readAll(): Promise<Map<string, VendorDocument>> {
    const found = new Map<string, VendorDocument>();
    let [characters, pages] = [0, 0];
    try {
      for await (const { items } of new ListReader(this.session).all('/v1/tasks', START, PENDING)) {
        for (const item of items) {
          const task = objectIn(item);
          const id = textOr(task?.task_id);
          if (!task || id === undefined) continue;
          found.set(id, task);
          characters += JSON.stringify(task).length;
        }
        pages += 1;
        if (found.size <= MAX_TASKS && characters <= MAX_CHARACTERS && pages < MAX_PAGES) continue;
        this.reading.warn('TASKS_NOT_READ', 'The source has more pending tasks than are read: some are left out.');
        break;
      }
    } catch (error) {
      // Who may read builds may not be let to read tasks.
      if (!(error instanceof JobFailure) || error.code !== JobFailureCode.SOURCE_UNAUTHORIZED) throw error;
      this.reading.warn('TASKS_NOT_READ', `The tasks of builds can not be read: ${error.message}`);
    }
    return found;
  }
}

const START = { offset: 0, isSorted: true };
