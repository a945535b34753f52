// Documents that operators have really written, and what `config validate` says of each: its codes and places. The page
// docs/validate.md shows the whole of it.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bench } from './call.ts'

const folder = new URL('validate-documents/', import.meta.url)
const page = readFileSync('docs/validate.md', 'utf8')

/** By file: the exit code, and the place, severity and code of each finding. */
const EXPECTED: Readonly<Record<string, readonly [number, ...string[]]>> = {
  'attestor-not-built.yaml': [1, '13:34: error attestor_unsupported'],
  'byte-order-mark.yaml': [1, '1:1: error encoding_invalid'],
  'comments-first.yaml': [1, '3:1: error yaml_feature_forbidden'],
  'issuer-blank.yaml': [0, '9:69: warning value_suspicious'],
  'issuer-line-end.yaml': [0, '10:59: warning value_suspicious'],
  'issuer-query.yaml': [1, '9:24: error url_forbidden'],
  'issuer-well-known.yaml': [0, '9:68: warning value_suspicious'],
  'issuer-zero-width-space.yaml': [0, '9:68: warning value_suspicious'],
  'latin-1.yaml': [1, '1:4: error encoding_invalid'],
  'lifetime.yaml': [1, '12:31: error text_unquoted'],
  'negation.yaml': [1, '13:50: error yaml_syntax'],
  'no-break-space.yaml': [1, '6:24: error yaml_syntax'],
  'private-issuer.yaml': [1, '9:24: error url_forbidden'],
  'tab.yaml': [1, '6:1: error yaml_syntax'],
  'utf-16.yaml': [1, '1:1: error encoding_invalid'],
}

function heads(out: string, name: string): readonly string[] {
  return out
    .split('\n')
    .filter((line) => line.startsWith(`${name}:`))
    .map((line) => /^\d+:\d+: \w+ \w+/.exec(line.slice(name.length + 1))?.[0])
    .filter((head) => head !== undefined)
}

describe('config validate, on documents as operators write them', () => {
  it('has an expectation for each', () => {
    expect(readdirSync(folder).toSorted()).toEqual(Object.keys(EXPECTED).toSorted())
  })

  it.each(Object.entries(EXPECTED))('%s', async (name, [exitCode, ...found]) => {
    const { file, call } = bench()
    const called = await call('config', 'validate', file(name, readFileSync(new URL(name, folder))))
    expect([called.exitCode, ...heads(called.out, name)]).toEqual([exitCode, ...found])
    // The page was captured, and tells the same.
    expect(heads(page, name)).toEqual(found)
  })
})
