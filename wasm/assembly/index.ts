// The policy VM: runs the bytecode of one condition over the attributes it names. No imports, fixed memory, metered.
import { ABI_VERSION, STACK_BASE } from './abi'
import { placeOfFault, run } from './evaluate'
import { fuelLeft as left } from './state'
import { verifyProgram } from './verify'

export function abiVersion(): u32 {
  return ABI_VERSION
}

/** Checks the program at `base`, once; 0, or the place of the first fault plus 1. An unverified program does not run. */
export function verify(base: u32, length: u32): u32 {
  return verifyProgram(base, length)
}

/** 0 false, 1 true, 2 another value, negative: a fault. */
export function evaluate(base: u32, fuel: i32): i32 {
  return run(base, fuel)
}

export function fuelLeft(): i32 {
  return left()
}

/** Where in the code the last fault lies. */
export function faultPlace(): u32 {
  return placeOfFault()
}

/** The address of the value that the last evaluation answered. */
export function result(): u32 {
  return STACK_BASE
}
