// Everything that schema/openapi/ccm.yaml offers, asked for over a socket. The client judges each answer by that
// document and by the vendor's.
import { CCM_OPERATIONS, contractProblems } from '../support/ccm-contract.js';
import { startStory } from '../support/ccm-story.js';
import type { CcmStory } from '../support/ccm-story.js';
import { apps } from '../support/ccm-story-apps.js';
import { buildLists, builds } from '../support/ccm-story-builds.js';
import { conversions, registries } from '../support/ccm-story-images.js';
import { accounts, sessions, users } from '../support/ccm-story-people.js';
import { deployments, tasks } from '../support/ccm-story-tasks.js';
import { hasVendor, isVendors, OURS_ALONE, vendorProblems } from '../support/ccm-vendor.js';
import { onEachDatabaseAtScale } from '../support/databases.js';

/** Operations that can not succeed here, and why. */
const NEVER: Record<string, string> = {
  convertAppAci: "Azure's tool, which makes the policy, does not run here: always 501",
  getAppCertificate: 'no certificates are issued here: always 501',
  getAppNodeCertificateDetails: 'no certificates are issued here: always 501',
};

onEachDatabaseAtScale("CCM's contract", (kind) => {
  let story: CcmStory;
  beforeAll(async () => {
    story = await startStory({ DATABASE_URL: await kind.create() });
  });
  afterAll(() => story.gateway.close());
  const told = () => story;

  describe('about apps', () => apps(told));
  describe('about sessions', () => sessions(told));
  describe('about accounts', () => accounts(told));
  describe('about users', () => users(told));
  describe('about builds', () => builds(told));
  describe('about lists of builds', () => buildLists(told));
  describe('about tasks', () => tasks(told));
  describe('about deployments', () => deployments(told));
  describe('about registries', () => registries(told));
  describe('about conversions', () => conversions(told));

  it('was asked for whole: each operation succeeded, but for those that can not', () => {
    const never = CCM_OPERATIONS.map(({ id }) => id).filter((id) => !story.nobody.succeeded.has(id));
    expect(never.sort()).toEqual(Object.keys(NEVER).sort());
  });
});

const why = hasVendor ? '' : ' (skipped: ../shared is absent)';

describe("CCM's contract and the vendor's", () => {
  (hasVendor ? it : it.skip)(`have the same operations, but for those that are listed${why}`, () => {
    const ours = CCM_OPERATIONS.filter((operation) => !isVendors(operation)).map(({ id }) => id);
    expect(ours.sort()).toEqual(Object.keys(OURS_ALONE).sort());
  });

  const answerOf = (status: number, body: object) => ({
    ...{ status, body, text: JSON.stringify(body) },
    headers: { 'content-type': 'application/json', 'www-authenticate': 'Bearer' },
  });
  const getBuild = CCM_OPERATIONS.find(({ id }) => id === 'getBuild')!;
  const wrong: [string, number, object][] = [
    ['a member that is missing', 200, {}],
    ['an id that is none', 200, { build_id: '7', status: { status: 'PENDING', status_updated_at: 1 } }],
    ['a value that is none of the list', 200, { status: { status: 'ACCEPTED', status_updated_at: 1 } }],
    ['a status that is not declared', 201, { status: { status: 'PENDING', status_updated_at: 1 } }],
    ['an error without a code', 404, { message: 'There is none.' }],
    ['a code that is none', 401, { message: 'Who are you?', code: 'WHO_ARE_YOU' }],
  ];

  it.each(wrong)('refuse %s', (_what, status, body) => {
    expect(contractProblems(getBuild, answerOf(status, body))).not.toEqual([]);
    if (hasVendor) expect(vendorProblems(getBuild, answerOf(status, body))).not.toEqual([]);
  });

  it('refuse members that were not promised', () => {
    const body = { message: 'x', code: 'NOT_FOUND', stack: 'at' };
    expect(contractProblems(getBuild, answerOf(404, body))).toHaveLength(1);
  });
});
