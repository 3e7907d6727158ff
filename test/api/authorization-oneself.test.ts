import type { Ids, Person } from '../support/authorization-content.js';
import { outcomeOf, send, titleOf } from '../support/authorization-line.js';
import type { Call, Line } from '../support/authorization-line.js';
import { LINES } from '../support/authorization-table.js';
import { createMember } from '../support/authorization-world.js';
import { onEachDatabaseAtScale } from '../support/databases.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

/** Lines that are aimed at a user who is somebody else, by the names of what they ask for. */
const ABOUT_USERS = LINES.filter(({ what }) => what?.includes('somebody else'));
const ENDING = ['removeUser', 'deleteUserAccount', 'deleteUserFromAccount'];

onEachDatabaseAtScale('a reader that asks for itself', (kind) => {
  let gateway: TestGateway;
  let reader: Person;
  beforeAll(async () => {
    gateway = await startTestGateway({ DATABASE_URL: await kind.create() });
    reader = await createMember(gateway, 'reader');
  });
  afterAll(() => gateway.close());

  const ask = async (line: Line, { id, token }: Person) => {
    const call = line.call({ user: id } as Ids, 'fresh');
    return outcomeOf(line, call, await send(gateway.url, token, call));
  };
  const isOpen = async ({ token }: Person) => {
    const call: Call = { kind: 'http', method: 'GET', path: '/v1/apps' };
    return (await send(gateway.url, token, call)).status;
  };
  const titled = (isEnding: boolean) =>
    ABOUT_USERS.filter(({ name }) => ENDING.includes(name) === isEnding).map((line) => [titleOf(line), line] as const);

  it.each(titled(false))('may do so, but for its own rights: %s', async (_title, line) => {
    expect(await ask(line, reader)).toBe(line.what!.endsWith('rights') ? 'FORBIDDEN' : 'OK');
  });

  it.each(titled(true))('may do so, and is out of the account after it: %s', async (_title, line) => {
    const leaver = await createMember(gateway, 'reader');
    expect(await isOpen(leaver)).toBe(200);
    expect(await ask(line, leaver)).toBe('OK');
    expect(await isOpen(leaver)).toBe(line.name === 'deleteUserAccount' ? 401 : 403);
    expect(await isOpen(reader)).toBe(200);
  });

  it('is out of the account while a manager closed that to it', async () => {
    const setStatus = (status: string) =>
      gateway.send(
        `mutation { updateUser(input: { userId: "${reader.id}", accountStatus: ${status} }) { userErrors { code } } }`,
      );
    await setStatus('DISABLED');
    expect(await isOpen(reader)).toBe(403);
    await setStatus('ACTIVE');
    expect(await isOpen(reader)).toBe(200);
  });
});
