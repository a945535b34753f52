// The typed face of one instance of wasm/policy-vm.wasm: its exports, and its memory, which never grows.
import { ABI_VERSION } from './abi.ts'

export interface PolicyVm {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly words: Uint32Array<ArrayBuffer>
  readonly view: DataView<ArrayBuffer>
  readonly verify: (base: number, length: number) => number
  readonly evaluate: (base: number, fuel: number) => number
  readonly fuelLeft: () => number
  readonly faultPlace: () => number
  readonly result: () => number
}

type Numeric = (...values: readonly number[]) => number

/** Throws if the module is not the policy VM of this ABI: a build that does not fit must not start. */
export function instantiatePolicyVm(module: WebAssembly.Module): PolicyVm {
  const { exports } = new WebAssembly.Instance(module, {})
  const { memory } = exports
  if (!(memory instanceof WebAssembly.Memory)) throw new TypeError('The module is not the policy VM: it has no memory')
  const vm = {
    verify: findFunction(exports, 'verify'),
    evaluate: findFunction(exports, 'evaluate'),
    fuelLeft: findFunction(exports, 'fuelLeft'),
    faultPlace: findFunction(exports, 'faultPlace'),
    result: findFunction(exports, 'result'),
  }
  const version = findFunction(exports, 'abiVersion')()
  if (version !== ABI_VERSION) throw new TypeError(`The policy VM has ABI ${version}, and ABI ${ABI_VERSION} is needed`)
  // Its maximum is its size, so its buffer is never shared and never replaced; only some hosts' types know.
  const buffer = memory.buffer as ArrayBuffer
  return { ...vm, bytes: new Uint8Array(buffer), words: new Uint32Array(buffer), view: new DataView(buffer) }
}

function findFunction(exports: WebAssembly.Exports, name: string): Numeric {
  const found = exports[name]
  if (typeof found !== 'function') throw new TypeError(`The module is not the policy VM: it has no ${name}()`)
  return found as Numeric
}
