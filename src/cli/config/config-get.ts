// `postern config get`: a document exactly as it is stored, or as the gateway last applied it.
import { appliedKey, type DocumentKey } from '../../config/document-key.ts'
import { digestOf } from '../../core/digest.ts'
import { formatInstantMillis } from '../../core/instant.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import { openRecord } from '../../token/applied-record.ts'
import { readFlags, readSection, readTarget, TARGET_HELP, TARGET_OPTIONS } from '../arguments.ts'
import { type Command, EXIT, type ExitCode, type Io, Stop, usageStop } from '../command.ts'
import { openStateStore, STATE_HELP, STATE_OPTIONS } from '../store/state-option.ts'
import { type OpenedStore, openStore, STORE_HELP, STORE_OPTIONS, STORE_USAGE } from '../store/store-option.ts'

export const configGet: Command = {
  name: 'config get',
  usage: [
    `config get cluster --id ID ${STORE_USAGE} [--applied] [--digest] SECTION`,
    `config get trust-domain ${STORE_USAGE} [--applied] [--digest] SECTION`,
  ],
  summary: 'Print a document exactly as it is stored, or as the gateway last applied it',
  options: [
    ...TARGET_HELP,
    ...STORE_HELP,
    ['--applied', 'the last version that the gateway saw compile; its seal is checked with SEAL_KEYS'],
    ...STATE_HELP,
    ['--digest', 'print the digest alone, as --expected-digest takes it'],
  ],
  run: get,
}

async function get(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = readFlags(args, {
    ...TARGET_OPTIONS,
    ...STORE_OPTIONS,
    ...STATE_OPTIONS,
    applied: { type: 'boolean' },
    digest: { type: 'boolean' },
  })
  const { target, rest } = readTarget(positionals, values.id)
  const key = target.keyOf(readSection(target, rest))
  const opened = await openStore(values, io)
  const bytes = values.applied === true ? await readApplied(key, opened, values, io) : await readStored(key, opened)
  io.out(values.digest === true ? `${await digestOf(bytes)}\n` : bytes)
  return EXIT.done
}

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
    throw usageStop(`--applied checks a seal: set ${sealing.missing.join(', ')} as the gateway has them`)
  const state = await openStateStore(flags, opened.store, io)
  const sealed = await state.read(appliedKey(key))
  if (sealed === undefined) throw new Stop(EXIT.refused, `The gateway has applied no ${key.text} in ${state.name}`)
  const record = (await openRecord(sealed, key.text, sealing))?.record
  if (record === undefined) {
    const what = `${appliedKey(key)} is sealed by none of SEAL_KEYS for this TRUST_DOMAIN and ISSUER_URL, or was changed`
    throw new Stop(EXIT.refused, `${what}: a gateway with the same settings ignores it`)
  }
  if (record.kind === 'deleted') {
    const when = formatInstantMillis(record.atMillis)
    throw new Stop(EXIT.refused, `The gateway found ${key.text} deleted at ${when}: nothing is applied`)
  }
  if (record.kind === 'contested') {
    const last = Math.max(...record.rivals.map(({ atMillis }) => atMillis))
    const what = `several versions of ${key.text} were stored shortly before ${formatInstantMillis(last)}`
    throw new Stop(EXIT.refused, `${what}: which one is the last is unknown, so none is on record`)
  }
  io.err(`applied at ${formatInstantMillis(record.appliedAtMillis)}\n`)
  return encodeUtf8(record.text)
}
