// Reads a value out of the policy VM: for explanations, never on the way of a login.
import { ELEMENT, TAG } from './vm/abi.ts'
import type { PolicyVm } from './vm/policy-vm.ts'

export type Scalar = string | bigint | boolean
export type Value = Scalar | readonly Scalar[]

/** The value in the slot at `address`. */
export function readValue(vm: PolicyVm, address: number): Value {
  const { view } = vm
  const tag = view.getUint8(address)
  const low = view.getUint32(address + 8, true)
  const high = view.getUint32(address + 12, true)
  if (tag === TAG.BOOL) return low === 1
  if (tag === TAG.INT) return view.getBigInt64(address + 8, true)
  if (tag === TAG.TEXT) return readText(vm, low, high)
  const element = view.getUint8(address + 1)
  const base = view.getUint32(address + 4, true)
  return Array.from({ length: high }, (_, index): Scalar => {
    const at = low + index * ELEMENT
    if (element === TAG.TEXT) return readText(vm, view.getUint32(at, true) + base, view.getUint32(at + 4, true))
    const value = view.getBigInt64(at, true)
    return element === TAG.BOOL ? value === 1n : value
  })
}

function readText(vm: PolicyVm, address: number, length: number): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(vm.bytes.subarray(address, address + length))
}
