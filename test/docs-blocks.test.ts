// The blocks of the pages in docs/: documents compile, JSON is JSON, commands and their flags exist, paths are routes, shell is shell.
// What runs in a test of its own is named here; a block of another kind without a row fails. README and docs/start.md are run whole by
// test/conformance/readme.test.ts.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CODE_CAUSES } from '../dev/code-causes.ts'
import { validateDocument } from '../src/explain/explain-document.ts'
import { OPERATIONS } from '../src/gateway/openapi/operations.ts'
import { commandTree } from './cli/call.ts'

interface Block {
  readonly page: string
  readonly language: string
  readonly text: string
}
const PAGES = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.md') && name !== 'start.md',
)
const BLOCKS: readonly Block[] = PAGES.flatMap((page) =>
  Array.from(
    readFileSync(`docs/${page}`, 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm),
    ([, language = '', text = '']) => ({
      page,
      language,
      text,
    }),
  ),
)
const of = (...languages: readonly string[]): readonly Block[] =>
  BLOCKS.filter(({ language }) => languages.includes(language))
const titled = (blocks: readonly Block[]) =>
  blocks.map((block) => [`${block.page}: ${block.text.split('\n')[0]}`, block] as const)

/** Blocks that are code or output, by page: the test that runs or compares them, or why none can. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'agent.md ts': 'test/client/example.test.ts',
  'attestors.md text': 'test/conformance/proof-rows.test.ts',
  'embed.md ts': 'test/embedded.test.ts',
  'embed.md toml': 'test/package/installed.test.ts',
  'extension.md text': 'test/attest/extension/example.test.ts',
  'metrics.md sql': 'Analytics Engine has no reader that runs locally',
  'playground.md toml': 'test/playground/hosts.test.ts',
  'policy-tests.md text': 'test/cli/test/test.test.ts',
  'relying-parties.md ts': 'test/relying-parties.test.ts',
  'relying-parties.md python': 'test/relying-parties.test.ts',
  'relying-parties.md java': 'no Java is installed for the tests',
  'validate.md text': 'test/cli/validate-documents.test.ts',
}

it('each have a kind that is checked here, or a test of their own', () => {
  const others = BLOCKS.filter(({ language }) => !['yaml', 'json', 'sh'].includes(language))
  const kinds = new Set(others.map(({ page, language }) => `${page} ${language}`))
  expect([...kinds].sort()).toEqual(Object.keys(ELSEWHERE).sort())
  const missing = Object.values(ELSEWHERE).filter((test) => test.startsWith('test/') && !existsSync(test))
  expect(missing).toEqual([])
})

describe('documents', () => {
  const whole = of('yaml').filter(({ text }) => /^section:/m.test(text))
  it.each(titled(whole))('%s', async (_title, { text }) => {
    const { section, issues } = await validateDocument(text, { trustDomain: 'example.org' })
    expect([section === undefined, issues]).toEqual([false, []])
  })

  it('are many', () => expect(whole.length).toBeGreaterThan(3))

  it.each(titled(of('yaml').filter(({ text }) => /^ +- name:/.test(text))))('a part: %s', async (_title, { text }) => {
    const document = `section: AgentAttestation\nschema: v1\nspec:\n  policies:\n${text}`
    expect((await validateDocument(document, { trustDomain: 'example.org' })).issues).toEqual([])
  })
})

it.each(titled(of('json')))('JSON: %s', (_title, { text }) => {
  const filled = text.replaceAll(/(, |(?<=\[ ))\.\.\.(?= [\]}])/g, '')
  expect(() => JSON.parse(filled)).not.toThrow()
})

describe('shell', () => {
  it.each(titled(of('sh')))('%s', (_title, { text }) => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })

  const tree = new Map(commandTree().map((command) => [command.name, command]))
  const everywhere = ['README.md', ...PAGES.map((page) => `docs/${page}`), 'docs/start.md']
  const calls = everywhere.flatMap((page) =>
    Array.from(
      readFileSync(page, 'utf8').matchAll(/(?:npm run -s postern -- |`postern )([a-z][^\n`|]*)/g),
      ([, words = '']) => [page, words.split(/ {2,}#|;| && /)[0]?.trim() ?? ''] as const,
    ),
  )
  it.each(calls)('%s: postern %s', (_page, line) => {
    const words = line.split(/\s+/)
    const name = [words.slice(0, 2).join(' '), words[0] ?? ''].find((one) => tree.has(one))
    // A family alone, such as `postern config`, is named in prose.
    const isFamily = words.length === 1 && [...tree.keys()].some((one) => one.startsWith(`${line} `))
    if (isFamily) return
    expect(name, line).toBeDefined()
    const known = new Set([...(tree.get(name ?? '')?.flags ?? []), '--help'])
    const flags = words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=')[0] ?? '')
    expect(flags.filter((flag) => !known.has(flag))).toEqual([])
  })

  const routes = OPERATIONS.map(({ path }) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`))
  const urls = of('sh').flatMap(({ page, text }) =>
    Array.from(
      text.matchAll(/https:\/\/(?:login\.example\.org|postern\.example\.com)(\/[^\s"'?]*)/g),
      ([, path = '']) => [page, path] as const,
    ),
  )
  it.each(urls)('%s: %s is a route', (_page, path) => expect(routes.some((route) => route.test(path))).toBe(true))
})

describe('codes', () => {
  const schema = readFileSync('schemas/AgentAttestation.json', 'utf8')
  const fields = Object.entries(CODE_CAUSES).flatMap(([code, [, , fields = []]]) =>
    fields.map((field) => [code, field] as const),
  )
  it.each(fields)('%s is cured by a field that there is: %s', (_code, field) =>
    expect(schema).toContain(`"${field}": {`),
  )
  it('name fields', () => expect(fields.length).toBeGreaterThan(20))
})
