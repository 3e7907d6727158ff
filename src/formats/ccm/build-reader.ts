// Makes pages of builds of what a CCM lists. Its list has whole documents, so what is as it was needs no other request.
import type { VendorDocument } from '../../builds/origin.entity.js';
import { hashOf } from '../../builds/origin.service.js';
import { isUuid } from '../../lib/ids.js';
import type { SourcePage, SourceReading } from '../../sources/source-connector.js';
import { toOriginDraft } from './origin-codec.js';
import type { PendingTasks } from './pending-tasks.js';
import { objectIn } from '../document-value.js';
import { textOr } from './told.js';

interface Listed {
  id: string;
  told: VendorDocument;
  listHash: string;
}

export class BuildReader {
  /** @param readsAll whether tasks are compared too, which change without their builds */
  constructor(
    private readonly reading: Pick<SourceReading, 'known'>,
    private readonly tasks: PendingTasks,
    private readonly readsAll: boolean,
  ) {}

  async pageOf(items: unknown[]): Promise<Omit<SourcePage, 'cursor'>> {
    const listed = items.flatMap(listedOf);
    const failed = Array.from({ length: items.length - listed.length }, () => UNREADABLE);
    const known = await this.reading.known(listed.map(({ id }) => id));
    const isSame = ({ id, listHash }: Listed) => known.get(id)?.listHash === listHash && !known.get(id)!.isGone;
    const wanted = this.readsAll ? listed : listed.filter((one) => !isSame(one));
    const tasks = await this.tasks.of(
      wanted.flatMap(({ told }) => textOr(told.pending_task_id) ?? []),
      this.readsAll,
    );
    const page: Omit<SourcePage, 'cursor'> = { builds: [], unchanged: [], failed };
    for (const { id, told, listHash } of wanted) {
      const task = tasks.get(textOr(told.pending_task_id) ?? '');
      try {
        page.builds.push({ ...toOriginDraft(told, task && { task }), listHash });
      } catch (error) {
        page.failed.push({ externalId: id, message: `The build ${id}: ${(error as Error).message}` });
      }
    }
    if (!this.readsAll) page.unchanged = listed.filter(isSame).map(({ id }) => known.get(id)!.id);
    return page;
  }
}

function listedOf(item: unknown): Listed[] {
  const told = objectIn(item);
  const id = textOr(told?.build_id);
  return told && id !== undefined && isUuid(id) ? [{ id: id.toLowerCase(), told, listHash: hashOf(told) }] : [];
}

const UNREADABLE = { message: 'A build has no build_id that is a UUID.' };
