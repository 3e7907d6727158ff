import { actorOf, requireAccess, Role } from '../../src/auth/principal.js';
import type { Principal } from '../../src/auth/principal.js';

const principalWith = (role: Role): Principal => ({
  ...{ accountId: 'account', userId: null, tokenId: 'token', name: 'somebody', role },
});

describe('access', () => {
  it.each([
    [Role.READER, ['ANYONE', 'READER'], ['WRITER', 'MANAGER']],
    [Role.WRITER, ['ANYONE', 'READER', 'WRITER'], ['MANAGER']],
    [Role.MANAGER, ['ANYONE', 'READER', 'WRITER', 'MANAGER'], []],
  ] as const)('of a %s is to %j and not to %j', (role, granted, denied) => {
    for (const access of granted) expect(() => requireAccess(principalWith(role), access)).not.toThrow();
    for (const access of denied) {
      const refusal = { code: 'FORBIDDEN', message: expect.stringContaining(`${access}; this token has ${role}`) };
      expect(() => requireAccess(principalWith(role), access)).toThrow(expect.objectContaining(refusal));
    }
  });

  it.each(['ANYONE', 'READER', 'MANAGER'] as const)('to %s needs a caller', (access) =>
    expect(() => requireAccess(undefined, access)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' })),
  );

  it('is refused to a role that does not exist', () => {
    expect(() => requireAccess(principalWith('OWNER' as Role), 'READER')).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    );
  });
});

describe('the audit trail', () => {
  it('names the user, or the token where it stands for a machine', () => {
    const principal = principalWith(Role.READER);
    expect(actorOf(principal)).toEqual({ type: 'TOKEN', id: 'token', name: 'somebody' });
    expect(actorOf({ ...principal, userId: 'user' })).toEqual({ type: 'USER', id: 'user', name: 'somebody' });
  });
});
