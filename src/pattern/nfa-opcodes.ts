// The numbers of an NFA's instructions and assertions, as the policy VM reads them; wasm/assembly/abi.ts has the same.

export const NFA = { MATCH: 0, SPLIT: 1, RANGE: 2, SET: 3, ASSERT: 4 } as const

export const ASSERT = {
  BEGIN_TEXT: 1,
  END_TEXT: 2,
  BEGIN_LINE: 4,
  END_LINE: 8,
  WORD_BOUNDARY: 16,
  NOT_WORD_BOUNDARY: 32,
} as const
