// `postern lock` and `postern unlock`: shut every login, session and mapping of a cluster, or of all, and open them again.
// A lock touches one document and changes no policy, so that what it shut is as before when it is gone.
import { clusterKey, type DocumentKey, parseClusterId, trustDomainKey } from '../../config/document-key.ts'
import { formatInstantSeconds } from '../../core/instant.ts'
import { REVOCATION_REASON_MAX_LENGTH } from '../../core/limits.ts'
import { EXIT, makeUsageStop, Stop } from '../command.ts'
import { CHANGE_OPTIONS, readActor } from '../config/actor.ts'
import { buryRecord } from '../config/bury-record.ts'
import { defineCommand, type Options } from '../define-command.ts'
import { openStateStore, STATE_OPTIONS } from '../store/state-option.ts'
import { openStore, STORE_OPTIONS } from '../store/store-option.ts'
import { changeRevocations } from './change-revocations.ts'
import { describeBound, describeRace } from './describe-effect.ts'
import { removeLock, setLock } from './edit-revocations.ts'
import { readUntil, UNTIL_OPTIONS } from './fact-options.ts'

const LOCK_SCOPE = {
  cluster: { value: 'id', help: 'the cluster to lock', conflicts: ['all'] },
  all: { help: 'every cluster, and issuers too' },
} as const satisfies Options

function readScope(flags: {
  readonly cluster?: string | undefined
  readonly all?: true | undefined
}): DocumentKey<'Revocations'> {
  if (flags.all === true) return trustDomainKey('Revocations')
  if (flags.cluster === undefined) throw makeUsageStop('Expected --cluster ID or --all')
  const clusterId = parseClusterId(flags.cluster)
  if (clusterId === undefined) throw makeUsageStop(`"${flags.cluster}" is not a cluster id`)
  return clusterKey(clusterId, 'Revocations')
}

export const lock = defineCommand({
  name: 'lock',
  summary: 'Shut every login, session and mapping of a cluster, or of all, until a stated time',
  arguments: [],
  options: {
    ...LOCK_SCOPE,
    ...UNTIL_OPTIONS,
    reason: { value: 'text', default: 'locked by an operator', help: 'why: audit records repeat it' },
    ...STORE_OPTIONS,
    actor: CHANGE_OPTIONS.actor,
  },
  async run(_words, values, io) {
    const key = readScope(values)
    const { reason } = values
    if (reason.length > REVOCATION_REASON_MAX_LENGTH)
      throw makeUsageStop(`--reason must have at most ${REVOCATION_REASON_MAX_LENGTH} characters`)
    const wanted = { untilSeconds: readUntil(values, io.clock()), reason }
    const actor = readActor(values.actor, io)
    const opened = await openStore(values, io)
    const { exitCode } = await changeRevocations(
      key,
      {
        actor,
        edit(stored) {
          const held = stored?.set.lock
          if (held?.untilSeconds === wanted.untilSeconds && held.reason === reason) return { kind: 'unchanged' }
          const text = setLock(stored?.text, wanted)
          if (text !== undefined) return { kind: 'text', text }
          throw new Stop(EXIT.refused, `${key.text} cannot be edited: set spec.lock with \`config set\``)
        },
      },
      opened,
      io,
    )
    if (exitCode !== EXIT.done) return exitCode
    const scope = key.clusterId === undefined ? 'Every cluster, and the login of issuers,' : `Cluster ${key.clusterId}`
    const undo = key.clusterId === undefined ? '--all' : `--cluster ${key.clusterId}`
    io.out(`${scope} is locked until ${formatInstantSeconds(wanted.untilSeconds)}. Undo: postern unlock ${undo}\n`)
    io.out(`${describeBound(opened.store)}\n`)
    const race = describeRace(opened.store)
    if (race !== undefined) io.err(`${race}\n`)
    return EXIT.done
  },
})

export const unlock = defineCommand({
  name: 'unlock',
  summary: 'Undo `lock`: everything is as it was before',
  arguments: [],
  options: { ...LOCK_SCOPE, ...STORE_OPTIONS, ...STATE_OPTIONS, actor: CHANGE_OPTIONS.actor },
  async run(_words, values, io) {
    const key = readScope(values)
    const actor = readActor(values.actor, io)
    const opened = await openStore(values, io)
    const state = await openStateStore(values, opened.store, io)
    let isGone = false
    const { exitCode, written } = await changeRevocations(
      key,
      {
        actor,
        edit(stored) {
          if (stored?.set.lock === undefined) return { kind: 'unchanged' }
          const text = removeLock(stored.text)
          if (text === undefined)
            throw new Stop(EXIT.refused, `${key.text} cannot be edited: remove spec.lock with \`config set\``)
          isGone = text === 'absent'
          return text === 'absent' ? { kind: 'absent' } : { kind: 'text', text }
        },
      },
      opened,
      io,
    )
    if (exitCode !== EXIT.done) return exitCode
    if (!written) throw new Stop(EXIT.refused, `${key.text} has no lock`)
    if (isGone) await buryRecord(key, state, opened.settings, io)
    io.out(`Unlocked. ${describeBound(opened.store)}\n`)
    const race = describeRace(opened.store)
    if (race !== undefined) io.err(`${race}\n`)
    return EXIT.done
  },
})
