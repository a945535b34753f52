// What tools and pages say about this repository agrees with it.
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SLOW_TESTS } from './slow-tests.ts'

const packageFile = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}
const developing = JSON.parse(readFileSync('dev/package.json', 'utf8')) as {
  readonly optionalDependencies: Readonly<Record<string, string>>
}
const biome = JSON.parse(readFileSync('biome.json', 'utf8')) as {
  readonly formatter: { readonly indentStyle: string; readonly indentWidth: number; readonly lineWidth: number }
}

describe('.node-version', () => {
  it('is the Node that npm ci installs', () => {
    const version = readFileSync('.node-version', 'utf8').trim()
    expect(new Set(Object.values(developing.optionalDependencies))).toEqual(new Set([version]))
  })
})

describe('.editorconfig', () => {
  it('says what the formatter does', () => {
    const entries = readFileSync('.editorconfig', 'utf8').matchAll(/^(\w+) = (.+)$/gm)
    const { indentStyle, indentWidth, lineWidth } = biome.formatter
    // The first of each name is that of all files.
    expect(Object.fromEntries([...entries].reverse().map(([, name, value]) => [name, value]))).toMatchObject({
      indent_style: indentStyle,
      indent_size: String(indentWidth),
      max_line_length: String(lineWidth),
    })
  })
})

describe('the pages', () => {
  const docs = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  const pages = [...readdirSync('.'), ...docs.map((file) => `docs/${file}`)]
  it.each(pages.filter((file) => file.endsWith('.md')))('%s names scripts of package.json only', (page) => {
    const named = Array.from(readFileSync(page, 'utf8').matchAll(/npm run (?:-s )?([a-z]+)/g), ([, name = '']) => name)
    expect(named.filter((name) => !Object.hasOwn(packageFile.scripts, name))).toEqual([])
  })
})

describe('npm run ok', () => {
  it.each(SLOW_TESTS)('leaves out %s, which is there', (pattern) => {
    expect(globSync(pattern).length).toBeGreaterThan(0)
  })
})
