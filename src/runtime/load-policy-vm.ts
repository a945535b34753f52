// The policy VM on Node and Deno: read from its file and compiled. On Workers an import of it is the compiled module.
import { readFileSync } from 'node:fs'

export function loadPolicyVm(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL('../../wasm/policy-vm.wasm', import.meta.url)))
}
