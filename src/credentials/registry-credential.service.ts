// Keeps logins for docker registries. A password is sealed, bound to its row, and leaves this process towards its
// registry only: neither the catalog log nor any answer or error has it.
import { In } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { actorOf } from '../auth/principal.js';
import type { Principal } from '../auth/principal.js';
import { fromRow, selectRows } from '../db/from-row.js';
import type { Row } from '../db/from-row.js';
import { readPage } from '../db/keyset.js';
import { rowLock } from '../db/row-lock.js';
import { sealAnew } from '../db/seal-anew.js';
import type { SealedAnew } from '../db/seal-anew.js';
import { isUniqueViolation } from '../db/unique-violation.js';
import type { CatalogChangeKind } from '../events/catalog-log.entity.js';
import { recordChange } from '../events/catalog-log.js';
import { CatalogError, notFound } from '../lib/errors.js';
import { newId } from '../lib/ids.js';
import { parsePage } from '../lib/paging.js';
import type { Connection, PageArgs } from '../lib/paging.js';
import type { Seal } from '../lib/seal.js';
import type { Transaction } from '../lib/transaction.js';
import { RegistryCredential } from './registry-credential.entity.js';
import { checkLogin } from './registry-credential.input.js';
import type { CreateRegistryCredentialInput, LoginInput } from './registry-credential.input.js';
import { findPassword, sealPassword, unreadable } from './registry-password.js';
import { scopeOf, scopesAround } from './registry-scope.js';
import type { ParseImageName } from './registry-scope.js';

/** CCM's clients get all of them at once. */
const MAX_OF_ACCOUNT = 1_000;

export class RegistryCredentialService {
  constructor(
    private readonly reader: EntityManager,
    private readonly seal: Seal,
    private readonly parseName: ParseImageName,
  ) {}

  /** Throws BAD_USER_INPUT, and CONFLICT where the account has a login for the same scope. */
  async create(
    tx: Transaction,
    principal: Principal,
    input: CreateRegistryCredentialInput,
  ): Promise<RegistryCredential> {
    checkLogin(input);
    const { accountId } = principal;
    const [id, now, scope] = [newId(), new Date(), scopeOf(input.url, this.parseName)];
    if (await tx.manager.existsBy(RegistryCredential, { accountId, scope })) throw scopeTaken(scope);
    if ((await tx.manager.countBy(RegistryCredential, { accountId })) >= MAX_OF_ACCOUNT)
      throw new CatalogError('CONFLICT', `An account keeps at most ${MAX_OF_ACCOUNT} logins.`);
    const { url, username, description = null } = input;
    const own = { accountId, id, url: url.trim(), scope, description, username, createdAt: now, updatedAt: now };
    const row: RegistryCredential = {
      ...own,
      sealedPassword: sealPassword(this.seal, { accountId, id, scope }, input.password ?? ''),
    };
    await tx.manager.insert(RegistryCredential, row).catch((error: unknown) => {
      throw isUniqueViolation(error) ? scopeTaken(scope) : error;
    });
    record(tx, principal, 'CREATED', { after: row });
    return row;
  }

  /** What is undefined stays; a null `description` removes it. Throws BAD_USER_INPUT and NOT_FOUND. */
  async update(tx: Transaction, principal: Principal, id: string, input: LoginInput): Promise<RegistryCredential> {
    checkLogin(input);
    const before = await this.lock(tx, principal.accountId, id);
    const { username, password, description } = input;
    const after = { ...before, updatedAt: new Date(), username: username ?? before.username };
    if (description !== undefined) after.description = description;
    if (typeof password === 'string') after.sealedPassword = sealPassword(this.seal, before, password);
    await tx.manager.update(RegistryCredential, keyOf(before), after);
    record(tx, principal, 'UPDATED', { before, after });
    return after;
  }

  /** The login that was; throws NOT_FOUND. */
  async delete(tx: Transaction, principal: Principal, id: string): Promise<RegistryCredential> {
    const before = await this.lock(tx, principal.accountId, id);
    await tx.manager.delete(RegistryCredential, keyOf(before));
    record(tx, principal, 'DELETED', { before });
    return before;
  }

  /** Throws NOT_FOUND. */
  async get(accountId: string, id: string): Promise<RegistryCredential> {
    const [row] = await this.byIds(accountId, [id.toLowerCase()]);
    if (!row) throw notFound('registry credential', id);
    return row;
  }

  byIds(accountId: string, ids: readonly string[]): Promise<RegistryCredential[]> {
    return this.read(accountId, { id: In([...ids]) });
  }

  /** In the order of their scopes. */
  list(accountId: string, args: PageArgs): Promise<Connection<RegistryCredential>> {
    const order = { name: 'SCOPE ASC', column: 'scope', descending: false };
    const query = selectRows(this.reader, RegistryCredential, 'credential').where({ accountId });
    return readPage(query, order, parsePage(args, order.name), (row) => fromRow(RegistryCredential, row));
  }

  /** All of an account, at most 1,000, in the order of their scopes. */
  async listAll(accountId: string): Promise<RegistryCredential[]> {
    const rows = await this.read(accountId, {});
    return rows.sort((a, b) => (a.scope < b.scope ? -1 : 1));
  }

  /** The login with the longest scope that covers the image; undefined where none does. Throws BAD_USER_INPUT. */
  forImage(accountId: string, imageName: string): Promise<RegistryCredential | undefined> {
    const { host, repository } = this.parseName(imageName);
    return this.forRepository(accountId, host, repository);
  }

  /** The same for a name that was parsed before. */
  async forRepository(accountId: string, host: string, repository: string): Promise<RegistryCredential | undefined> {
    const rows = await this.read(accountId, { scope: In(scopesAround(host, repository)) });
    return rows.reduce<RegistryCredential | undefined>(
      (best, row) => (best && best.scope.length >= row.scope.length ? best : row),
      undefined,
    );
  }

  /** Throws JobFailure where it was sealed by a key that is not configured any more. */
  passwordOf(row: RegistryCredential): string {
    const password = findPassword(this.seal, row);
    if (password === undefined) throw unreadable(row);
    return password;
  }

  /** Seals every password with the present key, after which a former key is not needed any more. */
  sealAnew({ manager }: Transaction): Promise<SealedAnew> {
    return sealAnew(manager, RegistryCredential, (row) => {
      const password = findPassword(this.seal, row);
      return password === undefined ? undefined : { sealedPassword: sealPassword(this.seal, row, password) };
    });
  }

  private async lock({ manager }: Transaction, accountId: string, id: string): Promise<RegistryCredential> {
    const where = { accountId, id: id.toLowerCase() };
    const row = await manager.findOne(RegistryCredential, { where, lock: rowLock(manager) });
    if (!row) throw notFound('registry credential', id);
    return { ...row };
  }

  private async read(accountId: string, where: object): Promise<RegistryCredential[]> {
    const query = selectRows(this.reader, RegistryCredential, 'credential').where({ accountId, ...where });
    return (await query.getRawMany<Row>()).map((row) => fromRow(RegistryCredential, row));
  }
}

const keyOf = ({ accountId, id }: RegistryCredential) => ({ accountId, id });

const scopeTaken = (scope: string) =>
  new CatalogError('CONFLICT', `There is a login for ${scope} already.`, { field: ['url'] });

interface Change {
  before?: RegistryCredential;
  after?: RegistryCredential;
}

function record(tx: Transaction, principal: Principal, kind: CatalogChangeKind, { before, after }: Change): void {
  const { accountId, id: entityId } = (after ?? before)!;
  const isNew = before && after && before.sealedPassword !== after.sealedPassword;
  const shown = { before: before && logged(before), after: after && { ...logged(after), ...(isNew && PASSWORD) } };
  recordChange(tx, {
    accountId,
    kind,
    entityType: 'RegistryCredential',
    entityId,
    actor: actorOf(principal),
    ...shown,
  });
}

/** All that is to be known of a new password. */
const PASSWORD = { hasNewPassword: true };

function logged({ sealedPassword: _sealed, ...rest }: RegistryCredential): object {
  return rest;
}
