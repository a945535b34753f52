// What one evaluation spends: fuel and scratch memory. Nothing here outlives it.
import { SCRATCH_BASE, SCRATCH_END } from './abi'

let fuel: i32 = 0
let scratch: u32 = SCRATCH_BASE

export function begin(budget: i32): void {
  fuel = budget < 0 ? 0 : budget
  scratch = SCRATCH_BASE
}

/** Takes `cost` from the tank; false when it holds less, and then it is empty. */
@inline
export function spend(cost: u64): bool {
  if (cost > <u64>fuel) {
    fuel = 0
    return false
  }
  fuel -= <i32>cost
  return true
}

@inline
export function fuelLeft(): i32 {
  return fuel
}

/** An address of `bytes` bytes, aligned to 8, or 0 when scratch memory is used up. */
export function allocate(bytes: u32): u32 {
  if (bytes > SCRATCH_END - scratch) return 0
  const address = scratch
  scratch += (bytes + 7) & ~7
  return address
}

@inline
export function scratchNow(): u32 {
  return scratch
}

/** Gives back everything that was allocated at `address` and after. */
@inline
export function release(address: u32): void {
  scratch = address
}
