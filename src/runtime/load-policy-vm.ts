// Loads the policy VM on Node and Deno from its file. On Workers, importing the file yields the compiled module.
import { readFileSync } from 'node:fs'

export function loadPolicyVm(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(new URL('../../wasm/policy-vm.wasm', import.meta.url)))
}
