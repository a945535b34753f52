// `postern keys rotate`: replaces the session key in three steps. The new key is published before it signs, and the old key
// stays published until its sessions have expired. Each step prints the next one and when to run it.
import { resolve } from 'node:path'
import { formatInstantMillis } from '../../core/instant.ts'
import { isJsonObject, type JsonObject, parseJson } from '../../core/json.ts'
import { PUBLISHED_MAX_AGE_SECONDS, SESSION_TTL_DEFAULT_SECONDS, TOKEN_DEPTH_MAX } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import { makeSessionSigningKeys } from '../../token/session/make-session-keys.ts'
import { EXIT, type Io, Stop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { type KeyFile, type Rotation, readKeyFile, writeKeyFile } from './key-file.ts'

export const keysRotate = defineCommand({
  name: 'rotate',
  summary: 'Replace the key that signs sessions, in three steps; each prints the next one and when to run it',
  arguments: [
    [
      '<file>',
      'the env file with SESSION_SIGNING_KEYS; without a flag, step 1: append a new key, which does not sign yet',
    ],
  ],
  options: {
    promote: {
      conflicts: ['retire'],
      help: `step 2, ${PUBLISHED_MAX_AGE_SECONDS} s after every gateway was restarted with the new key: the new key signs`,
    },
    retire: { help: 'step 3, one session lifetime after every gateway was restarted again: remove the old key' },
  },
  async run([name], values, io) {
    const step: Step = values.promote === true ? STEPS.promote : values.retire === true ? STEPS.retire : STEPS.append

    const path = resolve(io.directory, name)
    const file = await readKeyFile(path)
    const [signer] = file.keys
    if (signer === undefined) throw new Error('unreachable: a valid key set has a key')
    checkOrder(step, file, name)
    checkTime(step, file, io)

    const fresh = step.needs === undefined ? await makeKey() : undefined
    const base: Rotation =
      fresh === undefined && file.rotation !== undefined
        ? file.rotation
        : { step: 'appended', newKid: readKid(fresh ?? signer), oldKid: readKid(signer), atMillis: 0 }
    const keys = [...step.keys(file, base), ...(fresh === undefined ? [] : [fresh])]
    const rotation = step.leaves === undefined ? undefined : { ...base, step: step.leaves, atMillis: io.clock() }
    await writeKeyFile(path, file, keys, rotation)
    io.err(`${printable(step.describe(file, io, name))}\n`)
    return EXIT.done
  },
})

interface Step {
  readonly needs: Rotation['step'] | undefined
  readonly waitSeconds: (file: KeyFile, io: Io) => number
  readonly keys: (file: KeyFile, rotation: Rotation) => readonly JsonObject[]
  readonly leaves: Rotation['step'] | undefined
  readonly describe: (file: KeyFile, io: Io, name: string) => string
}

const readKid = (key: JsonObject): string => String(key['kid'])

const STEPS = {
  append: {
    needs: undefined,
    waitSeconds: () => 0,
    keys: ({ keys }) => keys,
    leaves: 'appended',
    describe: (_file, _io, name) =>
      `The new key is published and does not sign yet. Next: restart every gateway with ${name}, wait ${PUBLISHED_MAX_AGE_SECONDS} s, and run "keys rotate ${name} --promote"`,
  },
  promote: {
    needs: 'appended',
    waitSeconds: () => PUBLISHED_MAX_AGE_SECONDS,
    keys: ({ keys }, { newKid }) => [
      ...keys.filter((key) => readKid(key) === newKid),
      ...keys.filter((key) => readKid(key) !== newKid),
    ],
    leaves: 'promoted',
    describe: (file, io, name) =>
      `The new key signs. Next: restart every gateway with ${name}, wait one session lifetime (${readLifetimeSeconds(file, io)} s), and run "keys rotate ${name} --retire"`,
  },
  retire: {
    needs: 'promoted',
    waitSeconds: readLifetimeSeconds,
    keys: ({ keys }, { oldKid }) => keys.filter((key) => readKid(key) !== oldKid),
    leaves: undefined,
    describe: (_file, _io, name) => `The old key is removed. Last: restart every gateway with ${name}`,
  },
} as const satisfies Readonly<Record<string, Step>>

function checkOrder({ needs }: Step, { keys, rotation }: KeyFile, name: string): void {
  if (rotation?.step !== needs) {
    const next = rotation === undefined ? '' : rotation.step === 'appended' ? ' --promote' : ' --retire'
    const state = rotation === undefined ? 'No rotation is under way' : 'A rotation is under way'
    throw new Stop(EXIT.refused, `${state} in ${name}: the next step is "keys rotate ${name}${next}"`)
  }
  if (rotation === undefined) return
  const kids = keys.map(readKid)
  const signs = rotation.step === 'appended' ? rotation.oldKid : rotation.newKid
  if (kids[0] !== signs || !kids.includes(rotation.newKid) || !kids.includes(rotation.oldKid))
    throw new Stop(
      EXIT.refused,
      `The keys in ${name} were changed by other means since the last step: delete the line "# postern keys rotate" and finish the rotation by hand`,
    )
}

/** The file was not deployed before it was written, so the wait has not passed before this time. */
function checkTime(step: Step, file: KeyFile, io: Io): void {
  if (file.rotation === undefined) return
  const endMillis = file.rotation.atMillis + step.waitSeconds(file, io) * 1000
  if (io.clock() < endMillis)
    throw new Stop(EXIT.refused, `Too early for this step: wait at least until ${formatInstantMillis(endMillis)}`)
}

/** The session lifetime of the gateway that reads this file. */
function readLifetimeSeconds({ environment }: KeyFile, io: Io): number {
  const text = (environment['SESSION_TTL_SECONDS'] ?? io.environment['SESSION_TTL_SECONDS'])?.trim()
  return text !== undefined && /^[0-9]{1,9}$/.test(text) ? Number(text) : SESSION_TTL_DEFAULT_SECONDS
}

async function makeKey(): Promise<JsonObject> {
  const made = parseJson(await makeSessionSigningKeys(), TOKEN_DEPTH_MAX)
  const keys = made.ok && isJsonObject(made.value) ? made.value['keys'] : undefined
  const [key] = Array.isArray(keys) ? keys : []
  if (!isJsonObject(key)) throw new Error('unreachable: a new key set has one key')
  return key
}
