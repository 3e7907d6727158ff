import type { Page } from 'playwright-core';
import { openBrowser } from '../support/browser.js';
import type { BrowserPage } from '../support/browser.js';
import { startConversion, startConvertingGateway, storeSampleImage } from '../support/conversions.js';
import type { TestGateway } from '../support/gateway.js';
import { describeWith } from '../support/requirements.js';

describeWith(['chromium'], 'GraphiQL in a browser', () => {
  let gateway: TestGateway;
  let browser: BrowserPage;
  let page: Page;

  beforeAll(async () => {
    gateway = await startConvertingGateway();
    browser = await openBrowser(gateway.url);
    ({ page } = browser);
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  const run = () => page.getByRole('button', { name: /Execute query/ }).click();
  const answer = () => page.locator('.result-window').innerText();
  const tab = (name: string) => page.getByRole('tab', { name, exact: true }).click();

  it('is where / leads, and asks for a token', async () => {
    await page.goto(gateway.url);
    expect(page.url()).toBe(`${gateway.url}/graphiql`);
    await page.getByRole('status').getByText('Enter the token').waitFor();
  });

  it('runs a query with the token', async () => {
    await page.getByLabel('Token').fill(gateway.token);
    await page.getByLabel('Token').press('Enter');
    await page.getByRole('button', { name: /Execute query/ }).waitFor();
    await run();
    await page.locator('.result-window').getByText('MANAGER').waitFor();
    expect(await answer()).toContain('"hubId"');
  });

  it('shows the events of a subscription', async () => {
    const name = await storeSampleImage(gateway, 'acme/hello');
    const jobId = await startConversion(gateway, { inputImage: { name } });
    await tab('Watch');
    await page.getByRole('button', { name: 'Variables' }).click();
    await page.locator('.graphiql-editor-tool .CodeMirror').first().click();
    await page.keyboard.insertText(JSON.stringify({ jobId }));
    await run();
    await page.locator('.result-window').getByText('SUCCEEDED').waitFor();
    expect(await answer()).toContain('conversionStatus');
  });

  it('loads nothing from elsewhere and reports no errors', () => {
    expect(browser.foreign).toEqual([]);
    expect(browser.problems).toEqual([]);
  });
});
