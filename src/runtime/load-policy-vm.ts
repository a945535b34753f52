// Loads the policy VM on Node and Deno. On Workers, importing the file yields the compiled module.
import { readFileSync } from 'node:fs'

const PLACE = new URL('../../wasm/policy-vm.wasm', import.meta.url)

/** From its file. */
export function loadPolicyVm(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(PLACE))
}

/** From where this module came: its file, or the registry that serves modules to Deno over https. */
export async function fetchPolicyVm(place: URL = PLACE): Promise<WebAssembly.Module> {
  if (place.protocol === 'file:') return loadPolicyVm()
  const answer = await fetch(place)
  if (!answer.ok) throw new Error(`${place.href} is answered with status ${answer.status}`)
  return WebAssembly.compile(await answer.arrayBuffer())
}
