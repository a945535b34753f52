// A document with more issues than are listed: how many there are is said, in words, in sums and in JSON.
import { describe, expect, it } from 'vitest'
import { ISSUES_MAX } from '../../src/core/limits.ts'
import { bench } from './call.ts'

const head = 'section: AgentAttestation\nschema: v1\nspec:\n  policies:\n'
/** One error each, found by the schema: all of them are counted. */
const misspelt = (count: number): string => head + '    - {name: a, requiredAttestors: [{type: mfa}]}\n'.repeat(count)
/** One error each, found while compiling. */
const insecure = (count: number): string =>
  head +
  Array.from(
    { length: count },
    (_, index) =>
      `    - {name: p${index}, requiredAttestors: [{type: k8s_token, config: {issuerURL: "http://a.example"}}]}\n`,
  ).join('')
const open = (count: number): string =>
  head +
  Array.from(
    { length: count },
    (_, index) =>
      `    - {name: p${index}, requiredAttestors: [{type: k8s_token, config: {issuerURL: "https://a.example"}}]}\n`,
  ).join('')

async function validated(text: string) {
  const { file, call } = bench()
  const name = file('a.yaml', text)
  const { out } = await call('config', 'validate', name)
  const json = JSON.parse((await call('config', 'validate', '--json', name)).out).files[0]
  return { out, json, sum: out.trimEnd().split('\n').at(-1) }
}

describe('config validate, with more issues than are listed', () => {
  it('says nothing of it where all are listed', async () => {
    const { out, sum, json } = await validated(misspelt(ISSUES_MAX / 2))
    expect(out).not.toContain('are listed')
    expect(sum).toBe(`a.yaml: not valid (${ISSUES_MAX - 1} errors)`)
    expect(json.omitted).toBeUndefined()
  })

  it('says how many of how many are listed, and counts them all', async () => {
    const { out, sum, json } = await validated(misspelt(150))
    // Each has a name that is taken as well, but for the first one.
    expect(sum).toBe('a.yaml: not valid (299 errors)')
    expect(out.split('\n').at(-3)).toMatch(/^a\.yaml: 99 of 299 issues are listed/)
    expect(json.issues).toHaveLength(ISSUES_MAX)
    expect(json.issues.at(-1).line).toBeUndefined()
    expect(json.issues.at(-1).message).toContain('99 of 299')
  })

  it('counts those that are found while compiling', async () => {
    const { out, sum } = await validated(insecure(300))
    expect(out).toMatch(/^a\.yaml: 99 of 300 issues are listed/m)
    expect(sum).toBe('a.yaml: not valid (300 errors)')
  })

  it('counts warnings of a valid document too', async () => {
    const { out } = await validated(open(150))
    expect(out).toMatch(/^a\.yaml: 99 of 150 issues are listed/m)
  })
})
