import { describe, expect, it } from 'vitest'
import { formatIssue } from '../../../src/config/compile/format-issue.ts'
import { compile } from '../document.ts'

function formatted(text: string): readonly string[] {
  const result = compile('Cluster', text)
  return (result.ok ? result.warnings : result.issues).map((issue) => formatIssue(issue, text, 'Cluster.yaml'))
}

const head = 'section: Cluster\nschema: v1\nspec:\n'

describe('formatIssue()', () => {
  it('shows the place, the code, the line and a caret under the fault', () => {
    const [only] = formatted(`${head}  name: x\n  requireNode: yes\n`)
    expect(only?.split('\n')).toEqual([
      expect.stringMatching(/^Cluster\.yaml:5:16: error type_mismatch: Cannot use the string "yes"/),
      '5 |   requireNode: yes',
      '                   ^',
    ])
  })

  it('names warnings as such', () => {
    expect(formatted(`${head}  {}\n`)[0]).toContain(' warning node_unproven: ')
  })

  it('cuts a long line around the fault', () => {
    const [only] = formatted(`${head}  {name: ${'x'.repeat(200)}, requireNode: yes, platform: eks}\n`)
    const [, line = '', caret = ''] = only?.split('\n') ?? []
    expect(line.length).toBeLessThan(110)
    expect(line.slice(caret.length - 1)).toMatch(/^yes/)
  })

  it('keeps the caret in place behind a tab', () => {
    const text = '{"section": "Cluster", "schema": "v1", "spec": {\n\t"requireNode": 1}}\n'
    expect(formatted(text)[0]?.split('\n').slice(1)).toEqual(['2 |  "requireNode": 1}}', '                    ^'])
  })

  it.each([
    ['an escape in the line', `${head}  na\u001b[31mme: x\n`],
    ['an escape in a name', `${head}  "\\e[31mx": y\n`],
    ['text from right to left', `${head}  "\\u202ex": y # \u202e\n`],
    ['a Windows line end', `${head}  nam: x\r\n`],
  ])('shows what could steer a terminal: %s', (_what, text) => {
    const [only = ''] = formatted(text)
    expect(only).not.toBe('')
    expect(only.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/)
  })

  it('shows no line where there is none', () => {
    expect(formatted('')).toEqual([expect.not.stringContaining('\n')])
  })
})
