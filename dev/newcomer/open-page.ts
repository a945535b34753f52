// Opens the printed address in a browser, and reads what a person sees there.
import { existsSync } from 'node:fs'
import process from 'node:process'
import { chromium } from 'playwright-core'
import { StepSkipped } from './steps.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

export interface SeenPage {
  /** The headline, such as `Admitted by k8s_policy`. */
  readonly verdict: string
  readonly spiffeId: string
}

/** @throws {StepSkipped} where no Chromium is installed */
export async function openPage(url: string, withinMillis: number): Promise<SeenPage> {
  if (!existsSync(CHROMIUM))
    throw new StepSkipped('no Chromium is installed: set CHROMIUM, or install /usr/bin/chromium')
  const browser = await chromium.launch({ executablePath: CHROMIUM, timeout: withinMillis })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(withinMillis)
    await page.goto(url)
    await page.locator('#verdict[data-tone=good]').waitFor()
    const verdict = (await page.locator('#verdict-title').textContent()) ?? ''
    await page.locator('#tab-identity').click()
    return { verdict, spiffeId: (await page.locator('.spiffe-id').textContent()) ?? '' }
  } finally {
    await browser.close()
  }
}
