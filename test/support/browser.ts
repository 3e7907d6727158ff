// A page of a real browser, and what a page of the gateway must never do.
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

export interface BrowserPage {
  page: Page;
  /** Addresses of other origins that the page asked for. */
  foreign: string[];
  /** Errors in its console. */
  problems: string[];
  close(): Promise<void>;
}

export async function openBrowser(url: string): Promise<BrowserPage> {
  const browser: Browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [...FLAGS, '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage();
  const foreign: string[] = [];
  const problems: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) foreign.push(request.url());
  });
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  return { page, foreign, problems, close: () => browser.close() };
}
