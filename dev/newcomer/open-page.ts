// Opens the printed address in a browser, and reads what a person sees there.
import { existsSync } from 'node:fs'
import process from 'node:process'
import { chromium } from 'playwright-core'
import { StepSkipped } from './steps.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

export interface SeenPage {
  /** The headline. */
  readonly verdict: string
  readonly spiffeId: string
}

/** The headline that the page shows for a login that this policy admits, if its signature is right. */
export const admittedBy = (policy: string): string => `Undecided: ${policy} admits if what was not checked holds`

/** @throws {StepSkipped} where no Chromium is installed */
export async function openPage(url: string, withinMillis: number): Promise<SeenPage> {
  if (!existsSync(CHROMIUM))
    throw new StepSkipped('no Chromium is installed: set CHROMIUM, or install /usr/bin/chromium')
  const browser = await chromium.launch({ executablePath: CHROMIUM, timeout: withinMillis })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(withinMillis)
    await page.goto(url)
    // Never good: a link holds claims, and no signature.
    await page.locator('#verdict[data-tone=unknown]').waitFor()
    const verdict = (await page.locator('#verdict-title').textContent()) ?? ''
    await page.locator('#tab-identity').click()
    return { verdict, spiffeId: (await page.locator('.spiffe-id').textContent()) ?? '' }
  } finally {
    await browser.close()
  }
}
