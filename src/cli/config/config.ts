// `postern config`: checks, stores, compares and restores documents.
import { defineFamily } from '../define-command.ts'
import { configApply } from './config-apply.ts'
import { configDelete } from './config-delete.ts'
import { configDiff } from './config-diff.ts'
import { configGet } from './config-get.ts'
import { configHistory } from './config-history.ts'
import { configRollback } from './config-rollback.ts'
import { configSet } from './config-set.ts'
import { configStatus } from './config-status.ts'
import { configValidate } from './config-validate.ts'

export const config = defineFamily({
  name: 'config',
  summary: 'Check, store, compare and restore documents',
  rows: [
    configValidate,
    configSet,
    configApply,
    configGet,
    configDiff,
    configDelete,
    configHistory,
    configRollback,
    configStatus,
  ],
})
