// The compiler: an expression to a program of the policy VM. Layout: header, constants and patterns, code. Jumps go
// forwards, but for the end of a loop; a program therefore ends for every list that does.
import { CONDITION_ATTRIBUTES_MAX, CONDITION_PROGRAM_MAX_BYTES } from '../core/limits.ts'
import { type AttributeReference, type Expression, findElementType, type Type } from './expression.ts'
import { CODE_MAX, LOOP, OP, PROGRAM_HEADER, PROGRAM_MAGIC, TAG } from './vm/abi.ts'
import { createBytes } from './vm/byte-buffer.ts'

/** An attribute that a program reads, in the order of the VM's slots. */
export interface Slot {
  readonly name: string
  readonly type: AttributeReference['type']
  /** Where the expression first names it. */
  readonly offset: number
}

export interface Program {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly slots: readonly Slot[]
  /** For each place in the code where an instruction begins: its offset in the text. */
  readonly offsets: ReadonlyMap<number, number>
}

export type Emitted = { readonly ok: true; readonly program: Program } | { readonly ok: false; readonly why: string }

const BINARY = {
  and: OP.AND,
  or: OP.OR,
  add: OP.ADD,
  equal: OP.EQUAL,
  notEqual: OP.NOT_EQUAL,
  less: OP.LESS,
  lessOrEqual: OP.LESS_OR_EQUAL,
  greater: OP.GREATER,
  greaterOrEqual: OP.GREATER_OR_EQUAL,
  in: OP.IN,
  startsWith: OP.STARTS_WITH,
  endsWith: OP.ENDS_WITH,
  contains: OP.CONTAINS,
} as const

const LOOPS = { all: LOOP.ALL, exists: LOOP.EXISTS, exists_one: LOOP.EXISTS_ONE } as const

const encoder = new TextEncoder()

/** Lists of literals only are constants: they cost nothing to make. */
export function isConstantList(expression: Expression): boolean {
  return (
    expression.kind === 'list' &&
    expression.items.every((item) => item.kind === 'text' || item.kind === 'int' || item.kind === 'bool')
  )
}

function findElementTag(type: Type): number {
  const element = findElementType(type)
  return element === 'int' ? TAG.INT : element === 'bool' ? TAG.BOOL : TAG.TEXT
}

/** The program, or why the expression is too large for one. */
export function emitProgram(root: Expression): Emitted {
  const data = createBytes()
  const code = createBytes()
  const constants = new Map<string, number>()
  const slots = new Map<string, Slot & { readonly index: number }>()
  const offsets = new Map<number, number>()

  /** Where the constant `bytes` lies; equal constants lie in one place. */
  function addConstant(key: string, bytes: Uint8Array): number {
    const known = constants.get(key)
    if (known !== undefined) return known
    const at = PROGRAM_HEADER + data.append(bytes)
    constants.set(key, at)
    return at
  }

  function addTextConstant(value: string): { readonly at: number; readonly length: number } {
    const bytes = encoder.encode(value)
    return { at: addConstant(`text:${value}`, bytes), length: bytes.length }
  }

  function addListConstant(items: readonly Expression[]): number {
    const elements = createBytes()
    for (const item of items) {
      if (item.kind === 'text') {
        const { at, length } = addTextConstant(item.value)
        elements.u32(at)
        elements.u32(length)
      } else elements.i64(item.kind === 'int' ? item.value : item.kind === 'bool' && item.value ? 1n : 0n)
    }
    const bytes = elements.finish()
    return addConstant(`list:${bytes.join()}`, bytes)
  }

  function assignSlot(attribute: AttributeReference, offset: number): number {
    const known = slots.get(attribute.name)
    if (known !== undefined) return known.index
    const index = slots.size
    slots.set(attribute.name, { name: attribute.name, type: attribute.type, offset, index })
    return index
  }

  function emitOp(value: number, at: Expression): void {
    offsets.set(code.length, at.offset)
    code.u8(value)
  }

  /** A forward jump, to be set when its target is known. */
  function emitHole(): number {
    code.u16(0)
    return code.length - 2
  }

  function fillHole(at: number): void {
    code.setU16(at, code.length)
  }

  function emit(expression: Expression): void {
    switch (expression.kind) {
      case 'bool':
        emitOp(expression.value ? OP.TRUE : OP.FALSE, expression)
        break
      case 'int':
        emitOp(OP.INT, expression)
        code.i64(expression.value)
        break
      case 'text': {
        const { at, length } = addTextConstant(expression.value)
        emitOp(OP.TEXT, expression)
        code.u32(at)
        code.u32(length)
        break
      }
      case 'list':
        emitList(expression)
        break
      case 'attribute':
        emitOp(OP.ATTRIBUTE, expression)
        code.u8(assignSlot(expression.attribute, expression.offset))
        break
      case 'present':
        emitOp(OP.PRESENT, expression)
        code.u8(assignSlot(expression.attribute, expression.start))
        break
      case 'variable':
        emitOp(OP.VARIABLE, expression)
        code.u8(expression.loop)
        break
      case 'not':
      case 'size':
        emit(expression.of)
        emitOp(expression.kind === 'not' ? OP.NOT : OP.SIZE, expression)
        break
      case 'and':
      case 'or':
        emitLogic(expression)
        break
      case 'conditional':
        emitConditional(expression)
        break
      case 'matches':
        emit(expression.of)
        emitOp(expression.pattern.kind === 'dfa' ? OP.MATCH_DFA : OP.MATCH_NFA, expression)
        code.u32(addConstant(`pattern:${expression.pattern.text}`, expression.pattern.bytes))
        break
      case 'all':
      case 'exists':
      case 'exists_one':
        emitLoop(expression)
        break
      default:
        emit(expression.left)
        emit(expression.right)
        emitOp(BINARY[expression.kind], expression)
    }
  }

  function emitList(list: Expression & { kind: 'list' }): void {
    if (isConstantList(list)) {
      const at = addListConstant(list.items)
      emitOp(OP.LIST, list)
      code.u8(findElementTag(list.type))
      code.u32(at)
      code.u32(list.items.length)
      return
    }
    for (const item of list.items) emit(item)
    emitOp(OP.MAKE_LIST, list)
    code.u8(findElementTag(list.type))
    code.u16(list.items.length)
  }

  /** CEL's `&&` and `||` absorb an error on either side: the right side runs even if the left one failed. */
  function emitLogic(expression: Expression & { kind: 'and' | 'or' | 'add' }): void {
    emit(expression.left)
    emitOp(expression.kind === 'and' ? OP.JUMP_IF_FALSE : OP.JUMP_IF_TRUE, expression)
    const end = emitHole()
    emit(expression.right)
    emitOp(BINARY[expression.kind], expression)
    fillHole(end)
  }

  function emitConditional(expression: Expression & { kind: 'conditional' }): void {
    emit(expression.test)
    emitOp(OP.BRANCH, expression)
    const otherwise = emitHole()
    const failed = emitHole()
    emit(expression.whenTrue)
    emitOp(OP.JUMP, expression)
    const end = emitHole()
    fillHole(otherwise)
    emit(expression.whenFalse)
    fillHole(end)
    fillHole(failed)
  }

  function emitLoop(loop: Expression & { kind: keyof typeof LOOPS }): void {
    emit(loop.range)
    emitOp(OP.LOOP, loop)
    code.u8(LOOPS[loop.kind])
    const end = emitHole()
    const body = code.length
    emit(loop.body)
    emitOp(OP.NEXT, loop)
    code.u16(body)
    fillHole(end)
  }

  emit(root)
  emitOp(OP.RETURN, root)
  const length = PROGRAM_HEADER + data.length + code.length
  if (slots.size > CONDITION_ATTRIBUTES_MAX) {
    return { ok: false, why: `it reads more than ${CONDITION_ATTRIBUTES_MAX} attributes` }
  }
  if (code.length > CODE_MAX || length > CONDITION_PROGRAM_MAX_BYTES) {
    return { ok: false, why: `its program takes more than ${CONDITION_PROGRAM_MAX_BYTES} bytes; shorten its patterns` }
  }
  const program = createBytes()
  program.u32(PROGRAM_MAGIC)
  program.u32(length)
  program.u32(PROGRAM_HEADER + data.length)
  program.u32(code.length)
  program.append(data.finish())
  program.append(code.finish())
  return { ok: true, program: { bytes: program.finish(), slots: [...slots.values()], offsets } }
}
