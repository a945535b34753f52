// The numbers of the ABI: memory map, tags, opcodes, faults. src/condition/vm/abi.ts holds the same ones for the compiler;
// a test compares the two files.

// Memory, 16 pages, fixed. Everything below MEMORY_BASE is left to the AssemblyScript compiler.
export const MEMORY_BASE: u32 = 0x1000
export const SLOTS_BASE: u32 = 0x1000
export const SLOTS_MAX: u32 = 64
export const STACK_BASE: u32 = 0x2000
export const STACK_MAX: u32 = 1024
export const FRAMES_BASE: u32 = 0x6000
export const FRAMES_MAX: u32 = 8
export const NFA_MARKS: u32 = 0x8000
export const NFA_CURRENT: u32 = 0xa000
export const NFA_NEXT: u32 = 0xb000
export const NFA_STACK: u32 = 0xc000
export const SCRATCH_BASE: u32 = 0x20000
export const SCRATCH_END: u32 = 0x40000
export const INPUT_BASE: u32 = 0x40000
export const INPUT_END: u32 = 0x80000
export const PROGRAMS_BASE: u32 = 0x80000
export const PROGRAMS_END: u32 = 0x100000

export const ABI_VERSION: u32 = 1
export const PROGRAM_MAGIC: u32 = 0x314d5650
export const PROGRAM_VERIFIED: u32 = 0x31564650
export const PROGRAM_HEADER: u32 = 16
export const CODE_MAX: u32 = 0x8000
export const NFA_MAX: u32 = 2000
export const DFA_MAX: u32 = 4096
export const SLOT: u32 = 16
export const ELEMENT: u32 = 8
export const FRAME: u32 = 48

export const TAG_BOOL: u32 = 0
export const TAG_INT: u32 = 1
export const TAG_TEXT: u32 = 2
export const TAG_LIST: u32 = 3
export const TAG_ERROR: u32 = 4
export const TAG_ABSENT: u32 = 5

export const OP_RETURN: u32 = 0
export const OP_FALSE: u32 = 1
export const OP_TRUE: u32 = 2
export const OP_INT: u32 = 3
export const OP_TEXT: u32 = 4
export const OP_LIST: u32 = 5
export const OP_ATTRIBUTE: u32 = 6
export const OP_PRESENT: u32 = 7
export const OP_VARIABLE: u32 = 8
export const OP_MAKE_LIST: u32 = 9
export const OP_NOT: u32 = 10
export const OP_JUMP_IF_FALSE: u32 = 11
export const OP_JUMP_IF_TRUE: u32 = 12
export const OP_AND: u32 = 13
export const OP_OR: u32 = 14
export const OP_BRANCH: u32 = 15
export const OP_JUMP: u32 = 16
export const OP_EQUAL: u32 = 17
export const OP_NOT_EQUAL: u32 = 18
export const OP_LESS: u32 = 19
export const OP_LESS_OR_EQUAL: u32 = 20
export const OP_GREATER: u32 = 21
export const OP_GREATER_OR_EQUAL: u32 = 22
export const OP_ADD: u32 = 23
export const OP_IN: u32 = 24
export const OP_STARTS_WITH: u32 = 25
export const OP_ENDS_WITH: u32 = 26
export const OP_CONTAINS: u32 = 27
export const OP_SIZE: u32 = 28
export const OP_MATCH_DFA: u32 = 29
export const OP_MATCH_NFA: u32 = 30
export const OP_LOOP: u32 = 31
export const OP_NEXT: u32 = 32

export const LOOP_ALL: u32 = 0
export const LOOP_EXISTS: u32 = 1
export const LOOP_EXISTS_ONE: u32 = 2

// What `evaluate` answers: a bool, another value (read it at `result()`), or the negative of a fault.
export const ANSWER_FALSE: i32 = 0
export const ANSWER_TRUE: i32 = 1
export const ANSWER_VALUE: i32 = 2

export const FAULT_NO_SUCH_KEY: i32 = 1
export const FAULT_OVERFLOW: i32 = 2
export const FAULT_FUEL_EXHAUSTED: i32 = 3
export const FAULT_MEMORY_EXHAUSTED: i32 = 4
export const FAULT_TYPE_MISMATCH: i32 = 5
export const FAULT_PROGRAM_INVALID: i32 = 6

export const NFA_MATCH: u32 = 0
export const NFA_SPLIT: u32 = 1
export const NFA_RANGE: u32 = 2
export const NFA_SET: u32 = 3
export const NFA_ASSERT: u32 = 4

export const ASSERT_BEGIN_TEXT: u32 = 1
export const ASSERT_END_TEXT: u32 = 2
export const ASSERT_BEGIN_LINE: u32 = 4
export const ASSERT_END_LINE: u32 = 8
export const ASSERT_WORD_BOUNDARY: u32 = 16
export const ASSERT_NOT_WORD_BOUNDARY: u32 = 32
