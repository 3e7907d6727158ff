// A gateway with one of everything and people of all kinds, for requests to aim at; it learns the ids of what they make.
import { randomUUID } from 'node:crypto';
import { sendRaw } from './ccm-client.js';
import type { CcmRequest } from './ccm-client.js';
import type { CcmAnswer } from './ccm-contract.js';
import type { Actor, FuzzRequest } from './ccm-fuzz-requests.js';
import { startTestGateway } from './gateway.js';
import type { TestGateway } from './gateway.js';
import { call, newMember, PASSWORD, signIn } from './people.js';

/** What people of the account are in it, who may lose their session by what they are made to do. */
const ROLES = { manager: 'MANAGER', reader: 'READER', guest: 'READER', cookie: 'MANAGER' } as const;

const MEMBERS: Record<string, string> = {
  ...{ build_id: 'build', app_id: 'app', task_id: 'task', pending_task_id: 'task', node_id: 'node' },
  ...{ registry_id: 'registry', user_id: 'user', acct_id: 'account', group_id: 'group' },
};
/** Newer ones take the place of older ones, so that most of them are still there. */
const MAX_KEPT = 20;
const MAX_REVIVALS = 10 * Number(process.env.TEST_SCALE ?? 1);

export class FuzzWorld {
  private readonly ids: Record<string, string[]> = { job: ['0'.repeat(24)], group: [randomUUID()] };
  private readonly tokens: Partial<Record<Actor, string>> = { forger: 'bs_forged' };
  private revivals = 0;

  private constructor(readonly gateway: TestGateway) {}

  static async start(databaseUrl: string): Promise<FuzzWorld> {
    const world = new FuzzWorld(await startTestGateway({ DATABASE_URL: databaseUrl, SIGN_UP: 'open' }));
    const { gateway } = world;
    world.tokens.administrator = gateway.token;
    const stranger = { user_email: 'stranger@fuzz.example', user_password: PASSWORD };
    await call(gateway, 'POST', '/v1/users', { body: stranger });
    const token = (await signIn(gateway, stranger.user_email)).body.access_token as string;
    const { body: account } = await call(gateway, 'POST', '/v1/accounts', { token, body: { name: 'of a stranger' } });
    await call(gateway, 'POST', `/v1/sys/session/select_account/${account.acct_id}`, { token });
    world.tokens.stranger = token;
    for (const actor of Object.keys(ROLES)) await world.newToken(actor as keyof typeof ROLES);
    await world.fill();
    return world;
  }

  /** One of everything. */
  private async fill(): Promise<void> {
    const make = async (path: string, body: object) => {
      const { body: made } = await call(this.gateway, 'POST', path, { token: this.gateway.token, body });
      this.learn(made);
      return made;
    };
    for (let count = 0; count < 3; count += 1) {
      const images = { input_image_name: 'example/in', output_image_name: 'example/out' };
      const app = await make('/v1/apps', { name: `fuzz ${count}`, ...images, labels: { team: 'a' } });
      const { build_id } = await make('/v1/builds', { app_id: app.app_id });
      await make(`/v1/builds/deployments/${build_id}`, { node_id: randomUUID(), status: 'STOPPED' });
      await make('/v1/registry', { url: `r${count}.example`, credential: { default: { username: 'u' } } });
    }
  }

  /** Where a session ended by one of the requests, somebody else takes over. */
  async revive(actor: Actor): Promise<void> {
    if (!Object.hasOwn(ROLES, actor) || (this.revivals += 1) > MAX_REVIVALS) return;
    await this.newToken(actor as keyof typeof ROLES);
  }

  private async newToken(actor: keyof typeof ROLES): Promise<void> {
    const { id, token } = await newMember(this.gateway, `${randomUUID()}@fuzz.example`, ROLES[actor]);
    if (actor === 'guest') this.learn({ user_id: id });
    this.tokens[actor] = token;
  }

  private filled(text: string): string {
    return text.replace(/@(\w+):(\d+)/g, (_match, kind: string, index: string) => {
      const known = this.ids[kind] ?? [];
      return known[Number(index) % known.length] ?? randomUUID();
    });
  }

  /** With real ids in it, as it goes over the wire. */
  concrete({ operation, actor, path, headers, body }: FuzzRequest): CcmRequest {
    const token = this.tokens[actor];
    const content = typeof body === 'string' ? this.filled(body) : isFiller(body) ? filler(body.filler) : body;
    return {
      method: operation.method,
      path: this.filled(path),
      headers: { ...headers, ...(token !== undefined && identity(actor, token)) },
      body: content,
    };
  }

  async send(asked: CcmRequest): Promise<CcmAnswer> {
    const answer = await sendRaw(this.gateway.url, asked);
    if (answer.status < 300) this.learn(answer.body);
    return answer;
  }

  private learn(body: unknown): void {
    if (typeof body !== 'object' || body === null) return;
    for (const [name, value] of Object.entries(body)) {
      const kind = MEMBERS[name];
      if (typeof value === 'object') this.learn(value);
      else if (kind && !this.ids[kind]?.includes(String(value))) {
        this.ids[kind] = [...(this.ids[kind] ?? []), String(value)].slice(-MAX_KEPT);
      }
    }
  }
}

const identity = (actor: Actor, token: string): Record<string, string> =>
  actor === 'cookie' ? { cookie: `build_catalog_session=${token}` } : { authorization: `Bearer ${token}` };

const isFiller = (body: FuzzRequest['body']): body is { filler: number } =>
  typeof body === 'object' && !Buffer.isBuffer(body);

/** A body of exactly so many bytes, with one very long text in it. */
const filler = (bytes: number) => JSON.stringify({ name: 'x'.repeat(bytes - '{"name":""}'.length) });
