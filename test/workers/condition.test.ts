// The corpus of conditions inside workerd: the same answers, faults, places and fuel as everywhere.
import { expect, it } from 'vitest'
import module from '../../wasm/policy-vm.wasm'
import { CORPUS_CASES, CORPUS_DIGEST, runCorpus } from '../condition/corpus.ts'

it('decides the corpus as every host does', () => {
  expect(runCorpus(module)).toMatchObject({ digest: CORPUS_DIGEST, cases: CORPUS_CASES })
})
