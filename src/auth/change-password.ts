// A new password for somebody who knows the present one. Wrong ones count like failures to sign in.
import { Not } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { rowLock } from '../db/row-lock.js';
import { recordChange } from '../events/catalog-log.js';
import { badInput, CatalogError, invalidState } from '../lib/errors.js';
import type { InTransaction, Transaction } from '../lib/transaction.js';
import { Membership } from './membership.entity.js';
import { Password } from './password.entity.js';
import { checkPassword, hashPassword, isPassword } from './passwords.js';
import { actorOf } from './principal.js';
import type { Caller } from './principal.js';
import type { RightsChanges } from './rights-changes.js';
import { Session } from './session.entity.js';
import { SignInMethod } from './sign-in.entity.js';
import type { SignIns } from './sign-ins.js';
import { User } from './user.entity.js';
import { setPassword } from './user-rows.js';

export class ChangePassword {
  constructor(
    private readonly reader: EntityManager,
    private readonly inTransaction: InTransaction,
    private readonly signIns: SignIns,
    private readonly rights: RightsChanges,
  ) {}

  /** Ends all other sessions. Throws BAD_USER_INPUT, FORBIDDEN for machines, TOO_MANY_REQUESTS for who guesses. */
  async change(caller: Caller, current: string, next: string, address: string): Promise<void> {
    const { userId } = caller;
    if (userId === null) throw new CatalogError('FORBIDDEN', 'A token for a machine has no password.');
    checkPassword(next, 'newPassword');
    const { email } = await this.reader.findOneByOrFail(User, { id: userId });
    const present = await this.reader.findOneBy(Password, { userId });
    const isRight = await this.signIns.attempt(email, address, async () => {
      const isSuccess = await isPassword(current, present?.hash);
      const attempt = { email, userId, method: SignInMethod.PASSWORD, isSuccess, address };
      if (!isSuccess) await this.inTransaction((tx) => this.signIns.record(tx, attempt));
      return isSuccess;
    });
    if (!isRight) throw badInput('The present password is wrong.', 'currentPassword');
    const hash = await hashPassword(next);
    await this.inTransaction((tx) => this.write(tx, caller, { userId, email }, present!.hash, hash));
  }

  private async write(
    tx: Transaction,
    caller: Caller,
    { userId, email }: { userId: string; email: string },
    before: string,
    after: string,
  ): Promise<void> {
    const held = await tx.manager.findOne(Password, { where: { userId }, lock: rowLock(tx.manager) });
    if (held?.hash !== before) throw invalidState('The password was changed at this moment by another request.');
    await setPassword(tx, userId, after, null);
    await tx.manager.delete(Session, { userId, id: Not(caller.sessionId ?? '') });
    this.rights.announce(tx);
    for (const { accountId } of await tx.manager.findBy(Membership, { userId })) {
      const change = { entityType: 'User', entityId: userId, actor: actorOf(caller), before: { email } };
      recordChange(tx, { accountId, kind: 'UPDATED', ...change, after: { email, hasNewPassword: true } });
    }
  }
}
