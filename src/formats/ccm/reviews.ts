// Decisions on builds, told to a CCM: its tasks BUILD_WHITELIST.
import { ApprovalStatus } from '../../tasks/task.entity.js';
import { isUuid } from '../../lib/ids.js';
import type { ReviewPort } from '../../sources/source-connector.js';
import { ReviewRefused } from '../../sources/source-connector.js';
import { invalid, jsonOf, TryLater } from '../../sources/source-http.js';
import { CcmSession } from './session.js';
import { objectIn } from '../document-value.js';
import { textOr } from './told.js';

const DECIDED: Record<string, ApprovalStatus | 'GONE'> = {
  SUCCESS: ApprovalStatus.APPROVED,
  DENIED: ApprovalStatus.DENIED,
  FAILED: 'GONE',
};

export const ccmReviews: ReviewPort = {
  taskIdOf({ document, related }) {
    const id = textOr(objectIn(related.task)?.task_id) ?? textOr(document.pending_task_id);
    return id !== undefined && isUuid(id) ? id : undefined;
  },
  async open(access) {
    const session = await CcmSession.open(access);
    return {
      async read(taskId) {
        const answer = await session.ask(`/v1/tasks/${taskId}`);
        if (answer.status === 404) return 'GONE';
        const told = objectIn(jsonOf(session.expectOk(answer), session.host));
        return DECIDED[textOr(objectIn(told?.status)?.status) ?? ''] ?? 'OPEN';
      },
      async send(taskId, { status, reason }) {
        const body = JSON.stringify({ status, ...(reason !== null && { denial_reason: reason }) });
        const answer = await access.http.retrying(() =>
          session.askOnce(`/v1/tasks/${taskId}`, { method: 'PATCH', body }).catch((error: unknown) => {
            // One that was turned away for its number was not taken; of all others nobody knows.
            throw error instanceof TryLater && error.status !== 429 ? error.failure : error;
          }),
        );
        if (answer.status < 200 || answer.status >= 300) throw new ReviewRefused(session.failureOf(answer).message);
        // A page to sign in at, say, answers with success too.
        if (!objectIn(objectIn(jsonOf(answer, session.host))?.task_status))
          throw invalid(`${session.host} answered a decision with something else than the task's result.`);
      },
    };
  },
};
