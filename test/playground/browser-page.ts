// The playground in Chromium, with everything that it must not do on record: requests, violations of its policy, errors.
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { type ServedPlayground, servePlayground } from '../../dev/serve-playground.ts'
import { CHROMIUM } from '../installed.ts'

export interface OpenPage {
  readonly page: Page
  readonly context: BrowserContext
  /** What went wrong so far: violations of the policy and errors in the console. */
  readonly faults: () => Promise<readonly string[]>
  /** Requests that the browser made since the page was loaded, workers' included. */
  readonly requests: readonly string[]
}

export interface Rig {
  readonly server: ServedPlayground
  /** Opens the page and waits for its first verdict. @param fragment - of the address, with its `#` */
  readonly open: (options?: BrowserContextOptions, fragment?: string) => Promise<OpenPage>
  readonly close: () => Promise<void>
}

/** Starts a server and a browser over a built page. */
export async function openRig(folder: string, headers?: Readonly<Record<string, string>>): Promise<Rig> {
  const server = await servePlayground(folder, headers)
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM ?? '' })
  return {
    server,
    async open(options = {}, fragment = '') {
      const context = await browser.newContext({ serviceWorkers: 'block', ...options })
      await context.addInitScript(() => {
        const seen: string[] = []
        Object.assign(globalThis, { violations: seen })
        addEventListener('securitypolicyviolation', (event) => {
          const { violatedDirective, blockedURI } = event as unknown as Record<string, string>
          seen.push(`${violatedDirective} ${blockedURI}`)
        })
      })
      const page = await context.newPage()
      const errors: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text())
      })
      page.on('pageerror', (error) => errors.push(String(error)))
      await page.goto(server.url + fragment)
      await page.locator('body[data-answered-millis]').waitFor()
      await page.locator('#promise[data-state=kept], #promise[data-state=broken]').waitFor()
      const requests: string[] = []
      context.on('request', (request) => requests.push(`${request.method()} ${request.url()}`))
      return {
        page,
        context,
        requests,
        async faults() {
          const violations = await page.evaluate(() => (globalThis as unknown as { violations: string[] }).violations)
          return [...violations, ...errors]
        },
      }
    },
    async close() {
      await browser.close()
      server.close()
    },
  }
}

/** Replaces the text of the editor, as a person pastes it. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.locator('.cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(text)
}

export function verdictOf(page: Page): ReturnType<Page['locator']> {
  return page.locator('#verdict-title')
}
