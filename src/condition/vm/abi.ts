// The numbers of the policy VM's ABI, as wasm/assembly/abi.ts has them; a test compares the two files.
// What each instruction does and costs is in wasm/README.md.

export const ABI_VERSION = 1
export const PROGRAM_MAGIC = 0x314d5650
export const PROGRAM_HEADER = 16
export const CODE_MAX = 0x8000
export const SLOT = 16
export const ELEMENT = 8

/** Addresses in the fixed memory of the module. */
export const MEMORY = {
  SLOTS_BASE: 0x1000,
  INPUT_BASE: 0x40000,
  INPUT_END: 0x80000,
  PROGRAMS_BASE: 0x80000,
  PROGRAMS_END: 0x100000,
} as const

export const TAG = { BOOL: 0, INT: 1, TEXT: 2, LIST: 3, ERROR: 4, ABSENT: 5 } as const

export const OP = {
  RETURN: 0,
  FALSE: 1,
  TRUE: 2,
  INT: 3,
  TEXT: 4,
  LIST: 5,
  ATTRIBUTE: 6,
  PRESENT: 7,
  VARIABLE: 8,
  MAKE_LIST: 9,
  NOT: 10,
  JUMP_IF_FALSE: 11,
  JUMP_IF_TRUE: 12,
  AND: 13,
  OR: 14,
  BRANCH: 15,
  JUMP: 16,
  EQUAL: 17,
  NOT_EQUAL: 18,
  LESS: 19,
  LESS_OR_EQUAL: 20,
  GREATER: 21,
  GREATER_OR_EQUAL: 22,
  ADD: 23,
  IN: 24,
  STARTS_WITH: 25,
  ENDS_WITH: 26,
  CONTAINS: 27,
  SIZE: 28,
  MATCH_DFA: 29,
  MATCH_NFA: 30,
  LOOP: 31,
  NEXT: 32,
} as const

export const LOOP = { ALL: 0, EXISTS: 1, EXISTS_ONE: 2 } as const

/** What `evaluate` answers when it does not fault. */
export const ANSWER = { FALSE: 0, TRUE: 1, VALUE: 2 } as const

/** The faults of the VM by number; it answers with the negative of one. */
export const VM_FAULTS = {
  NO_SUCH_KEY: 1,
  OVERFLOW: 2,
  FUEL_EXHAUSTED: 3,
  MEMORY_EXHAUSTED: 4,
  TYPE_MISMATCH: 5,
  PROGRAM_INVALID: 6,
} as const
