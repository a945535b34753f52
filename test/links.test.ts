// The pages link to each other, and no link leads nowhere: files, and headings within them.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'

const PAGES = [
  ...readdirSync('.').filter((file) => file.endsWith('.md')),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((file) => `docs/${file}`),
].filter((file) => file.endsWith('.md'))

/** Targets of the links of a page, those in code left out. */
function readLinks(page: string): readonly string[] {
  const text = readFileSync(page, 'utf8').replace(/^ *```[\s\S]*?^ *```/gm, '')
  return Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target).filter(
    (target) => !/^https?:/.test(target),
  )
}

/** As GitHub makes them of headings. */
function readAnchors(page: string): readonly string[] {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)
  return Array.from(headings, ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function isDead(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page : posix.join(posix.dirname(page), path)
  return !existsSync(file) || (anchor !== undefined && !readAnchors(file).includes(anchor))
}

describe.each(PAGES)('%s', (page) => {
  it('has no dead link', () => {
    expect(readLinks(page).filter((target) => isDead(page, target))).toEqual([])
  })
})

it('README.md and the index of attestors lead to every page', () => {
  const linked = ['README.md', 'docs/attestors.md'].flatMap((page) =>
    readLinks(page).map((target) => posix.join(posix.dirname(page), target.split('#')[0] ?? '')),
  )
  expect(PAGES.filter((page) => page !== 'README.md' && !linked.includes(page))).toEqual([])
})

it.each([
  ['a file that is not there', 'docs/gone.md'],
  ['a heading that is not there', 'README.md#gone'],
])('would find %s', (_what, target) => {
  expect(isDead('README.md', target)).toBe(true)
})

it.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('%s names files that are there', (page) => {
  const named = readFileSync(page, 'utf8').matchAll(/`((?:src|test|dev|wasm|schemas|examples)\/[^`\s<*{]*)`/g)
  const missing = Array.from(named, ([, path = '']) => path).filter((path) => !existsSync(path))
  expect(missing).toEqual([])
})
