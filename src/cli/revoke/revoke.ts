// `postern revoke`: what may no longer log in, use a session or be mapped.
import { defineFamily } from '../define-command.ts'
import { revokeAdd } from './revoke-add.ts'
import { revokeExpire } from './revoke-expire.ts'
import { revokeList } from './revoke-list.ts'
import { revokePrune } from './revoke-prune.ts'

export const revoke = defineFamily({
  name: 'revoke',
  summary: 'Revoke pods, accounts, nodes, attributes, tokens and sessions',
  rows: [revokeAdd, revokeList, revokeExpire, revokePrune],
})
