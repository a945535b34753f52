// Copies the attributes that a program names into the policy VM, and only these. What cannot be copied exactly is a
// fault before anything runs: an unpaired surrogate would become U+FFFD, and two different strings would compare equal.
import type { Attributes, AttributeValue } from '../../attribute/attribute.ts'
import type { Slot } from '../emit.ts'
import { ELEMENT, MEMORY, SLOT, TAG } from './abi.ts'
import type { PolicyVm } from './policy-vm.ts'

export type InputFault = 'ill_formed' | 'input_too_large' | 'type_mismatch'

/** `encodeInto` costs more than this loop up to about so many characters. */
const LOOP_MAX_LENGTH = 64

const encoder = new TextEncoder()

/** The slot that could not be filled, and why; `undefined` if all are. */
export function writeInput(
  vm: PolicyVm,
  slots: readonly Slot[],
  attributes: Attributes,
): { readonly fault: InputFault; readonly slot: Slot } | undefined {
  let free: number = MEMORY.INPUT_BASE
  for (let index = 0; index < slots.length; index++) {
    const slot = slots[index]
    if (slot === undefined) break
    const value = attributes.get(slot.name)
    const next = writeSlot(vm, (MEMORY.SLOTS_BASE + index * SLOT) >> 2, slot.type, value, free)
    if (typeof next !== 'number') return { fault: next, slot }
    free = next
  }
  return undefined
}

/** Fills the slot at `word` and returns the start of the free memory after it. */
function writeSlot(
  vm: PolicyVm,
  word: number,
  type: Slot['type'],
  value: AttributeValue | undefined,
  free: number,
): number | InputFault {
  const { words } = vm
  if (value === undefined) {
    words[word] = TAG.ABSENT
    return free
  }
  if (type === 'text') {
    if (typeof value !== 'string') return 'type_mismatch'
    const end = writeText(vm.bytes, value, free)
    if (typeof end !== 'number') return end
    words[word] = TAG.TEXT
    words[word + 2] = free
    words[word + 3] = end - free
    return end
  }
  if (type === 'int') {
    if (!Number.isSafeInteger(value)) return 'type_mismatch'
    words[word] = TAG.INT
    vm.view.setBigInt64((word + 2) << 2, BigInt(value as number), true)
    return free
  }
  return typeof value === 'object' ? writeList(vm, word, value, free) : 'type_mismatch'
}

function writeList(vm: PolicyVm, word: number, items: readonly string[], free: number): number | InputFault {
  const elements = (free + 7) & ~7
  let next = elements + items.length * ELEMENT
  if (next > MEMORY.INPUT_END) return 'input_too_large'
  for (let index = 0; index < items.length; index++) {
    const item = items[index]
    if (typeof item !== 'string') return 'type_mismatch'
    const end = writeText(vm.bytes, item, next)
    if (typeof end !== 'number') return end
    const element = (elements + index * ELEMENT) >> 2
    vm.words[element] = next
    vm.words[element + 1] = end - next
    next = end
  }
  vm.words[word] = TAG.LIST | (TAG.TEXT << 8)
  vm.words[word + 1] = 0
  vm.words[word + 2] = elements
  vm.words[word + 3] = items.length
  return next
}

/** Writes UTF-8 at `at`; where it ends, or a fault. */
function writeText(bytes: Uint8Array<ArrayBuffer>, text: string, at: number): number | InputFault {
  const { length } = text
  if (length > MEMORY.INPUT_END - at) return 'input_too_large'
  if (length <= LOOP_MAX_LENGTH) {
    let index = 0
    for (; index < length; index++) {
      const code = text.charCodeAt(index)
      if (code >= 0x80) break
      bytes[at + index] = code
    }
    if (index === length) return at + length
  }
  if (!text.isWellFormed()) return 'ill_formed'
  const { read, written } = encoder.encodeInto(text, bytes.subarray(at, MEMORY.INPUT_END))
  return read === length ? at + written : 'input_too_large'
}
