import { openBrowser } from '../support/browser.js';
import type { BrowserPage } from '../support/browser.js';
import { startTestGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { describeWith } from '../support/requirements.js';

describeWith(['chromium'], "the interactive page of CCM's interface", () => {
  let gateway: TestGateway;
  let browser: BrowserPage;

  beforeAll(async () => {
    gateway = await startTestGateway();
    browser = await openBrowser(gateway.url);
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  it('shows every operation of the document', async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/openapi/ccm`);
    await page.locator('#operations-Builds-getAllBuilds').waitFor();
    const document = (await (await fetch(`${gateway.url}/openapi/ccm.json`)).json()) as { paths: object };
    const described = Object.values(document.paths).flatMap((methods: object) => Object.keys(methods));
    expect(await page.locator('.opblock').count()).toBe(described.length);
  });

  it('tries an operation out with a token', async () => {
    const { page } = browser;
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    await page.getByLabel('auth-bearer-value').fill(gateway.token);
    await page.getByRole('button', { name: 'Apply credentials' }).first().click();
    await page.getByRole('button', { name: 'Close', exact: true }).first().click();
    await page.locator('#operations-Builds-getAllBuilds .opblock-summary-control').click();
    await page.locator('#operations-Builds-getAllBuilds').getByRole('button', { name: 'Try it out' }).click();
    await page.locator('#operations-Builds-getAllBuilds').getByRole('button', { name: 'Execute' }).click();
    const answer = page.locator('#operations-Builds-getAllBuilds .live-responses-table .highlight-code').first();
    await answer.getByText('"total_count"').waitFor();
    if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  });

  it('asks no other origin for anything, and has no errors', () => {
    expect(browser.foreign).toEqual([]);
    expect(browser.problems).toEqual([]);
  });
});
