import { decided } from '../../src/tasks/task-decision.js';
import type { Decision, DecisionRules } from '../../src/tasks/task-decision.js';
import { ApprovalStatus, TaskStatus, TaskType } from '../../src/tasks/task.entity.js';
import type { Task } from '../../src/tasks/task.entity.js';
import type { Actor } from '../../src/events/catalog-log.entity.js';

const user = (id: string): Actor => ({ type: 'USER', id, name: `name of ${id}` });
const tokenOf = (ownerId: string, id = 'token'): Actor => ({ type: 'TOKEN', id, name: 'machine', ownerId });
const SYSTEM: Actor = { type: 'SYSTEM', id: null, name: 'gateway' };

const task = (more: Partial<Task> = {}): Task => ({
  ...{ accountId: 'a', id: 't', subjectId: 's', type: TaskType.BUILD_WHITELIST, status: TaskStatus.INPROGRESS },
  ...{ requester: user('asker'), approvals: [], createdAt: new Date(0), updatedAt: new Date(0) },
  ...more,
});

const APPROVE: Decision = { status: ApprovalStatus.APPROVED };
const DENY: Decision = { status: ApprovalStatus.DENIED };
const rules = (more: Partial<DecisionRules> = {}): DecisionRules => ({ fourEyes: false, quorum: 1, ...more });

describe('a decision on a task', () => {
  it('ends it as approved once as many have approved as are needed, and not before', () => {
    const first = decided(task(), APPROVE, rules({ quorum: 2 }), user('one'));
    expect(first).toMatchObject({ status: 'INPROGRESS', updatedAt: new Date(0) });
    const second = decided(first, APPROVE, rules({ quorum: 2 }), user('two'));
    expect(second.status).toBe('SUCCESS');
    expect(second.approvals).toMatchObject([
      { user: { id: 'one' }, status: 'APPROVED', reason: null },
      { user: { id: 'two' }, status: 'APPROVED', reason: null },
    ]);
    expect(second.updatedAt.getTime()).toBeGreaterThan(0);
    expect(Date.parse(second.approvals[1]!.at)).toBe(second.updatedAt.getTime());
  });

  it('ends it as denied at the first denial, whatever was approved before, and keeps the reason', () => {
    const first = decided(task(), APPROVE, rules({ quorum: 3 }), user('one'));
    const second = decided(first, { ...DENY, reason: 'unsigned' }, rules({ quorum: 3 }), user('two'));
    expect(second).toMatchObject({ status: 'DENIED', approvals: [{}, { status: 'DENIED', reason: 'unsigned' }] });
  });

  it('changes nothing of the task it is about', () => {
    const before = task();
    decided(before, APPROVE, rules(), user('one'));
    expect(before).toEqual(task());
  });

  it.each([TaskStatus.SUCCESS, TaskStatus.DENIED, TaskStatus.FAILED])('is refused once it is %s', (status) => {
    const refusal = { code: 'CONFLICT', reason: 'INVALID_STATE' };
    for (const decision of [APPROVE, DENY])
      expect(() => decided(task({ status }), decision, rules(), user('one'))).toThrow(expect.objectContaining(refusal));
  });

  it.each([
    ['the same user', user('one'), user('one')],
    ['a token of theirs', user('one'), tokenOf('one')],
    ['its maker', tokenOf('one'), user('one')],
    ['another token of theirs', tokenOf('one', 'x'), tokenOf('one', 'y')],
  ])('is refused to %s a second time', (_who, first, second) => {
    const before = decided(task(), APPROVE, rules({ quorum: 3 }), first);
    for (const decision of [APPROVE, DENY]) {
      const again = () => decided(before, decision, rules({ quorum: 3 }), second);
      expect(again).toThrow(expect.objectContaining({ code: 'CONFLICT', reason: 'INVALID_STATE' }));
    }
  });

  it('ends it by saying so again once fewer are needed than before', () => {
    const before = decided(task(), APPROVE, rules({ quorum: 2 }), user('one'));
    const refusal = { code: 'CONFLICT', reason: 'INVALID_STATE' };
    expect(() => decided(before, DENY, rules(), user('one'))).toThrow(expect.objectContaining(refusal));
    const after = decided(before, APPROVE, rules(), tokenOf('one'));
    expect(after).toMatchObject({ status: 'SUCCESS', approvals: before.approvals });
    expect(after.updatedAt.getTime()).toBeGreaterThan(0);
    expect(decided(before, APPROVE, rules(), user('two')).approvals).toHaveLength(2);
  });

  describe('with four eyes', () => {
    const fourEyes = rules({ fourEyes: true });

    it.each([
      ['whoever asked', user('asker'), user('asker')],
      ['a token of whoever asked', user('asker'), tokenOf('asker')],
      ['the maker of the token that asked', tokenOf('asker'), user('asker')],
      ['another token of the maker of the token that asked', tokenOf('asker', 'x'), tokenOf('asker', 'y')],
    ])('is no approval by %s, though they may deny it', (_who, requester, actor) => {
      const asked = task({ requester });
      expect(() => decided(asked, APPROVE, fourEyes, actor)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
      expect(decided(asked, DENY, fourEyes, actor).status).toBe('DENIED');
      expect(decided(asked, APPROVE, rules(), actor).status).toBe('SUCCESS');
    });

    it('is an approval by anyone else', () => {
      expect(decided(task(), APPROVE, fourEyes, tokenOf('other', 'asker')).status).toBe('SUCCESS');
      expect(decided(task({ requester: SYSTEM }), APPROVE, fourEyes, user('one')).status).toBe('SUCCESS');
    });
  });

  it('takes reasons of up to 4096 characters, and none for an approval', () => {
    const longest = 'x'.repeat(4_096);
    expect(decided(task(), { ...DENY, reason: longest }, rules(), user('one')).approvals[0]!.reason).toBe(longest);
    const refusal = { code: 'BAD_USER_INPUT', field: ['reason'] };
    expect(() => decided(task(), { ...DENY, reason: `${longest}x` }, rules(), user('one'))).toThrow(
      expect.objectContaining(refusal),
    );
    expect(decided(task(), { ...APPROVE, reason: 'fine' }, rules(), user('one')).approvals[0]!.reason).toBeNull();
    expect(decided(task(), { ...DENY, reason: '' }, rules(), user('one')).approvals[0]!.reason).toBeNull();
  });
});
