// `postern config get`: prints a document exactly as it is stored, or as the gateway last applied it.
import { appliedKey, type DocumentKey } from '../../config/document-key.ts'
import { computeDigest } from '../../core/digest.ts'
import { formatInstantMillis } from '../../core/instant.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import { openRecord } from '../../token/applied-record.ts'
import { readSection, readTarget, SCOPE, SECTION, TARGET_OPTIONS } from '../arguments.ts'
import { EXIT, type Io, makeUsageStop, Stop } from '../command.ts'
import { defineCommand } from '../define-command.ts'
import { openStateStore, STATE_OPTIONS } from '../store/state-option.ts'
import { type OpenedStore, openStore, STORE_OPTIONS } from '../store/store-option.ts'

export const configGet = defineCommand({
  name: 'get',
  summary: 'Print a document exactly as it is stored, or as the gateway last applied it',
  arguments: [SCOPE, SECTION],
  options: {
    ...TARGET_OPTIONS,
    ...STORE_OPTIONS,
    applied: { help: 'print the last version that compiled on the gateway; its seal is verified with SEAL_KEYS' },
    ...STATE_OPTIONS,
    digest: { help: 'print only the digest, for --expected-digest' },
  },
  async run([scope, section], values, io) {
    const target = readTarget(scope, values.id)
    const key = target.keyOf(readSection(target, section))
    const opened = await openStore(values, io)
    const bytes = values.applied === true ? await readApplied(key, opened, values, io) : await readStored(key, opened)
    io.out(values.digest === true ? `${await computeDigest(bytes)}\n` : bytes)
    return EXIT.done
  },
})

async function readStored(key: DocumentKey, { store }: OpenedStore): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await store.read(key.text)
  if (bytes === undefined) throw new Stop(EXIT.refused, `${key.text} is not in ${store.name}`)
  return bytes
}

async function readApplied(
  key: DocumentKey,
  opened: OpenedStore,
  flags: { readonly state?: string | undefined },
  io: Io,
): Promise<Uint8Array<ArrayBuffer>> {
  const { sealing } = opened.settings
  if ('missing' in sealing)
    throw makeUsageStop(
      `--applied verifies the seal of the record: set ${sealing.missing.join(', ')} to the values of the gateway`,
    )
  const state = await openStateStore(flags, opened.store, io)
  const sealed = await state.read(appliedKey(key))
  if (sealed === undefined) throw new Stop(EXIT.refused, `${state.name} has no applied record of ${key.text}`)
  const record = (await openRecord(sealed, key.text, sealing))?.record
  if (record === undefined) {
    const what = `The seal of ${appliedKey(key)} does not match SEAL_KEYS, TRUST_DOMAIN and ISSUER_URL`
    throw new Stop(EXIT.refused, `${what}: a gateway with these settings ignores the record`)
  }
  if (record.kind === 'deleted') {
    const when = formatInstantMillis(record.atMillis)
    throw new Stop(EXIT.refused, `The gateway found ${key.text} deleted at ${when}: nothing is applied`)
  }
  if (record.kind === 'contested') {
    const last = Math.max(...record.rivals.map(({ atMillis }) => atMillis))
    const what = `several versions of ${key.text} were stored shortly before ${formatInstantMillis(last)}`
    throw new Stop(EXIT.refused, `${what}: which of them is the last is unknown, so the record contains none`)
  }
  io.err(`applied at ${formatInstantMillis(record.appliedAtMillis)}\n`)
  return encodeUtf8(record.text)
}
