// Prints what this host makes of the corpus. Deno runs it: `deno run --allow-read test/condition/corpus-digest.ts`.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { runCorpus } from './corpus.ts'

const module = new WebAssembly.Module(readFileSync(new URL('../../wasm/policy-vm.wasm', import.meta.url)))
const { digest, cases } = runCorpus(module)
process.stdout.write(JSON.stringify({ digest, cases }))
