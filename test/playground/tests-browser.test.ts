// Policy tests in the page, in real Chromium: written in the editor, run by the engine after each change, and shared as text.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { buildPlayground } from '../../dev/build-playground.ts'
import { packShared } from '../../playground/share/select-shared.ts'
import { CHROMIUM } from '../installed.ts'
import { type OpenPage, openRig, paste, type Rig } from './browser-page.ts'
import { findSample, situationOf } from './situation.ts'

const MARKUP = `<img src=x onerror="globalThis.hit=1"><script>globalThis.hit=1</script>`
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }
const TESTS = `trustDomain: example.org
cluster: demo
now: 2026-12-01T09:01:00Z
documents: [AgentAttestation.yaml]
cases:
  - name: an agent of the system
    login:
      attributes:
        k8s_token.issuer: https://oidc.eks.us-east-1.amazonaws.com/id/ABCDEF123456
        k8s_token.namespace: spirl-system
        k8s_token.service_account.name: spirl-agent
        k8s_token.node.name: ip-10-0-1-2
    expect: { admit: eks_agents }
  - name: another namespace
    login:
      attributes:
        k8s_token.issuer: https://oidc.eks.us-east-1.amazonaws.com/id/ABCDEF123456
        k8s_token.namespace: default
        k8s_token.service_account.name: spirl-agent
        k8s_token.node.name: ip-10-0-1-2
    expect: { refuse: namespace_not_allowed }
`

describe.skipIf(CHROMIUM === undefined)('policy tests in a browser', () => {
  let folder: string
  let rig: Rig
  let opened: OpenPage[] = []
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postern-page-'))
    await buildPlayground(folder)
    rig = await openRig(folder)
  })
  afterAll(async () => {
    await rig.close()
    rmSync(folder, { recursive: true, force: true })
  })
  /** Nothing was blocked, nothing failed, and nothing was sent. */
  afterEach(async () => {
    for (const { faults, requests, context } of opened) {
      expect(await faults()).toEqual([])
      expect(requests).toEqual([])
      await context.close()
    }
    opened = []
  })
  async function open(...given: Parameters<Rig['open']>): Promise<Page> {
    const one = await rig.open(...given)
    opened.push(one)
    return one.page
  }
  /** Writes a file of tests, as a person does. */
  async function write(page: Page, text: string): Promise<void> {
    // A sample brings tests of its own, a moment after its verdict.
    await page.locator('[data-place=tests]').click()
    await paste(page, text)
  }
  const count = (page: Page) => page.locator('.test-count')
  const failed = (page: Page) => page.locator('.tests > li[data-state=failed]')

  it('pass, and fail when the policy is changed, with what was expected, what came and why', async () => {
    const page = await open()
    await page.locator('#tab-tests').click()
    await write(page, TESTS)
    await count(page).getByText('2 passed, 0 failed').waitFor()
    expect(await page.locator('#panel-tests').textContent()).toContain(
      'AgentAttestation.yaml. A page cannot read files',
    )

    await page.locator('[data-place="cluster/AgentAttestation"]').click()
    const policy = findSample('kubernetes').documents.find(({ section }) => section === 'AgentAttestation')?.text ?? ''
    await paste(page, policy.replace('spirl-system', 'default'))
    await count(page).getByText('0 passed, 2 failed').waitFor()
    const text = await failed(page).first().textContent()
    for (const part of [
      'an agent of the system',
      'admitted by eks_agents',
      'refused: namespace_not_allowed',
      'expected default',
    ])
      expect(text).toContain(part)
    expect(await page.locator('#tests-badge').textContent()).toBe('2 failed')
  })

  it('hold the evidence of the page with one click, as claims and with the verdict of now', async () => {
    const page = await open()
    await page.locator('#tab-tests').click()
    await page.locator('[data-place=tests]').click()
    const before = await page.locator('.tests > li').count()
    await page.locator('#add-test').click()
    await page.locator('#panel-tests [role=status]').getByText('Added: the token: admitted by eks_agents').waitFor()
    await page.locator('.tests > li').nth(before).waitFor()
    expect(await failed(page).count()).toBe(0)
    await page.locator('#share').click()
    await page
      .locator('#share-said')
      .getByText(/^\d+ characters. Left out: the signature\.$/)
      .waitFor()
  })

  it('show their issues at their places, and are not run', async () => {
    const page = await open()
    await page.locator('#tab-tests').click()
    await write(page, TESTS.replace('admit: eks_agents', 'admitt: eks_agents'))
    await count(page).getByText('Not run: the tests have issues').waitFor()
    const issue = page.locator('.issue', { hasText: 'field_unknown' })
    expect(await issue.locator('.place').textContent()).toBe('13:15')
    await page.locator('.cm-lintRange-error').first().waitFor()
    await paste(page, TESTS)
    await count(page).getByText('2 passed, 0 failed').waitFor()
  })

  it('are said not to run with a document that does not compile', async () => {
    const page = await open()
    await page.locator('#tab-tests').click()
    await write(page, TESTS)
    await page.locator('[data-place="cluster/AgentAttestation"]').click()
    await paste(page, 'section: AgentAttestation')
    await count(page).getByText('Not run: AgentAttestation does not compile.').waitFor()
  })

  it('stay text with markup in them, pasted or from a link', async () => {
    const page = await open()
    await page.locator('#tab-tests').click()
    await write(page, MARKUP)
    await count(page).getByText('Not run').waitFor()
    await write(page, TESTS.replace('an agent of the system', MARKUP.replaceAll("'", '')))
    await count(page).getByText('2 passed, 0 failed').waitFor()
    const tests = TESTS.replace('name: another namespace', `name: ${JSON.stringify(MARKUP)}`).replace(
      'namespace_not_allowed }',
      'token_expired }',
    )
    const packed = await packShared(
      { ...situationOf('kubernetes'), baseline: undefined, tests },
      { whole: false, workload: true, keys: true },
    )
    if (!('fragment' in packed)) throw new Error(packed.fault)
    const shared = await open({}, packed.fragment)
    await shared.locator('#tab-tests').click()
    await count(shared).getByText('1 passed, 1 failed').waitFor()
    expect(await failed(shared).locator('strong').textContent()).toBe(MARKUP)
    for (const one of [page, shared]) {
      expect(await one.evaluate(() => 'hit' in globalThis)).toBe(false)
      expect(await one.locator('main img, main script').count()).toBe(0)
    }
  })

  it('are completed by the fields of their schema, removed as a section is, and begun anew', async () => {
    const page = await open()
    await write(page, `${TESTS}    sig`)
    await page.locator('.cm-tooltip-autocomplete').waitFor()
    await page.locator('.cm-tooltip-autocomplete').getByText('signature', { exact: true }).click()
    await page.locator('#remove-document').click()
    expect(await page.locator('[data-place=tests]').count()).toBe(0)
    await page.locator('#tab-tests').click()
    await count(page).getByText('There are no tests yet.').waitFor()
    await page.locator('#add-document').selectOption('tests')
    await page.locator('[data-place=tests][aria-selected=true]').waitFor()
    expect(await page.locator('.cm-content').textContent()).toContain('documents: [AgentAttestation.yaml, ')
  })

  it.each([
    ['light', {}],
    ['dark', {}],
    ['light', PHONE],
  ] as const)('have no serious fault of accessibility and fit their width in %s', async (colorScheme, size) => {
    const page = await open({ ...size, colorScheme })
    const show = async (name: string) => {
      const button = page.getByRole('button', { name, exact: true })
      if (await button.isVisible()) await button.click()
    }
    await write(page, TESTS.replace('eks_agents }', 'eks_agents }').replace('namespace_not_allowed', 'token_expired'))
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    await page.evaluate(axe)
    for (const pane of ['Documents', 'Result']) {
      await show(pane)
      if (pane === 'Result') {
        await page.locator('#tab-tests').click()
        await count(page).getByText('1 passed, 1 failed').waitFor()
      }
      const found = await page.evaluate(async () => {
        const { axe: runner } = globalThis as unknown as {
          axe: { run: () => Promise<{ violations: { impact: string; id: string; nodes: { html: string }[] }[] }> }
        }
        const { violations } = await runner.run()
        return violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
      })
      expect(found).toEqual([])
      const widths = await page.locator('html').evaluate((html) => [html.scrollWidth, html.clientWidth])
      expect(widths[0]).toBeLessThanOrEqual(widths[1] ?? 0)
    }
  })

  it('are reached by keyboard: the tab by arrows, the button by Tab', async () => {
    const page = await open()
    await page.locator('#tab-why').focus()
    await page.keyboard.press('End')
    expect(await page.locator(':focus').getAttribute('id')).toBe('tab-tests')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').getAttribute('id')).toBe('add-test')
    await page.keyboard.press('Enter')
    await page.locator('#panel-tests [role=status]').getByText('Added').waitFor()
  })
})
