// `postern keys`: makes and rotates the secrets of a gateway.
import { defineFamily } from '../define-command.ts'
import { keysNew } from './keys-new.ts'
import { keysRotate } from './keys-rotate.ts'

export const keys = defineFamily({
  name: 'keys',
  summary: 'Make and rotate the secrets of a gateway',
  rows: [keysNew, keysRotate],
})
