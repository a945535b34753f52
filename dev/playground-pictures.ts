// `npm run pictures`: makes the pictures of docs/playground.md with the page itself, in Chromium.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { buildPlayground } from './build-playground.ts'
import { packPng } from './pack-png.ts'
import { servePlayground } from './serve-playground.ts'

const DOCS = fileURLToPath(new URL('../docs', import.meta.url))
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const DESKTOP = { width: 1360, height: 800 }

interface Picture {
  readonly name: string
  readonly context: BrowserContextOptions
  readonly prepare: (page: Page) => Promise<void>
}

const PICTURES: readonly Picture[] = [
  { name: 'playground', context: { viewport: DESKTOP, colorScheme: 'light' }, prepare: async () => undefined },
  {
    name: 'playground-dark',
    context: { viewport: DESKTOP, colorScheme: 'dark' },
    async prepare(page) {
      await page.locator('.cm-content').click()
      await page.keyboard.press('Control+Home')
      for (let line = 0; line < 10; line++) await page.keyboard.press('ArrowDown')
      await page.keyboard.press('End')
      await page.keyboard.type('-2')
      await page.locator('#verdict-title', { hasText: 'Refused: 403' }).waitFor()
    },
  },
  {
    name: 'playground-phone',
    context: {
      viewport: { width: 390, height: 780 },
      deviceScaleFactor: 2,
      isMobile: true,
      hasTouch: true,
      colorScheme: 'light',
    },
    async prepare(page) {
      await page.getByRole('button', { name: 'Result', exact: true }).click()
    },
  },
]

const folder = mkdtempSync(join(tmpdir(), 'postern-playground-'))
await buildPlayground(folder)
const server = await servePlayground(folder)
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--disable-lcd-text'] })
for (const { name, context: options, prepare } of PICTURES) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  await page.goto(server.url)
  await page.locator('#verdict-title', { hasText: 'Admitted by eks_agents' }).waitFor({ state: 'attached' })
  await prepare(page)
  await page.locator('.turns').waitFor({ state: 'attached' })
  writeFileSync(join(DOCS, `${name}.png`), packPng(await page.screenshot()))
  await context.close()
}
await browser.close()
server.close()
rmSync(folder, { recursive: true })
