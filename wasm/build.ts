// Builds wasm/policy-vm.wasm and its digest from wasm/assembly. The build is reproducible: a test runs it again and
// compares.
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildPolicyVm } from './asc.ts'

const built = await buildPolicyVm()
writeFileSync(fileURLToPath(new URL('policy-vm.wasm', import.meta.url)), built)
const digest = createHash('sha256').update(built).digest('hex')
writeFileSync(fileURLToPath(new URL('policy-vm.sha256', import.meta.url)), `${digest}  policy-vm.wasm\n`)
process.stdout.write(`policy-vm.wasm: ${built.length} bytes, sha256 ${digest}\n`)
