import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CORPUS_CASES, CORPUS_DIGEST } from './corpus.ts'

it('Deno decides the corpus as every host does', () => {
  const deno = join('node_modules', '.bin', 'deno')
  const printed = execFileSync(deno, ['run', '--allow-read', 'test/condition/corpus-digest.ts'], { encoding: 'utf8' })
  expect(JSON.parse(printed)).toEqual({ digest: CORPUS_DIGEST, cases: CORPUS_CASES })
})
