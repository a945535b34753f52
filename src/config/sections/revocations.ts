// Section Revocations: what may no longer log in, use a session or be mapped, until when and why; and a lock of the whole
// scope. Specific to Postern. Keys verify a token of a deleted pod or a stolen node until it expires; this list does not.
import * as v from 'valibot'
import type { Report } from '../../attest/attest-context.ts'
import { resolveAttribute, suggestAttribute } from '../../attribute/catalogue.ts'
import { parseInstantSeconds } from '../../core/instant.ts'
import type { Path } from '../../core/issue.ts'
import {
  DNS_LABEL_MAX_BYTES,
  DNS_NAME_MAX_BYTES,
  REVOCATION_FACT_MAX_BYTES,
  REVOCATION_REASON_MAX_LENGTH,
  REVOCATIONS_DOCUMENT_MAX_BYTES,
  REVOCATIONS_MAX,
  UID_MAX_LENGTH,
} from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { StringForm } from '../../core/string-form.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import type { Lock, Revocation, RevokedFact } from '../../policy/revocation/revocation.ts'
import { createRevocationSet, type RevocationSet } from '../../policy/revocation/revocation-set.ts'
import type { SchemaMetadata } from '../compile/validate.ts'
import { SALVAGED } from './salvaged.ts'
import { defineSection, type SectionRow } from './section.ts'

/** Kubernetes' own rules for names (RFC 1123): a name that can never match would be a silent gap. */
const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const NAMESPACE: StringForm = {
  accepts: (text) => text.length <= DNS_LABEL_MAX_BYTES && LABEL.test(text),
  words: 'the exact name of a namespace, without wildcards',
}
const NAME: StringForm = {
  accepts: (text) => text.length <= DNS_NAME_MAX_BYTES && SUBDOMAIN.test(text),
  words: 'an exact name as Kubernetes has it, in lower case, without wildcards',
}
const UID: StringForm = {
  accepts: (text) => text.length <= UID_MAX_LENGTH && /^[\x21-\x7e]+$/.test(text) && !text.includes('*'),
  words: 'the UID of a pod, as metadata.uid has it',
}
const SESSION_ID: StringForm = {
  accepts: (text) => UUID.test(text),
  words: 'the id of a session (its jti): a UUID in lower case',
}
const TIME: StringForm = {
  accepts: (text) => parseInstantSeconds(text) !== undefined,
  words: 'a time such as 2026-01-31T12:00:00Z',
}
const ANY: StringForm = { accepts: (text) => text !== '', words: 'a string' }

function defineText(form: StringForm, description: string) {
  return v.pipe(v.string(), v.metadata({ form } satisfies SchemaMetadata), v.description(description))
}

const until = defineText(TIME, 'The entry holds before this time: RFC 3339 in UTC, for example 2026-01-31T12:00:00Z')
const reason = v.pipe(
  v.string(),
  v.nonEmpty('Cannot use an empty reason: write why, for the audit record'),
  v.maxLength(REVOCATION_REASON_MAX_LENGTH),
  v.description('Why, for operators: audit records repeat it, callers never read it'),
)

/** Of the fields other than `until` and `reason` an entry has exactly one. */
const FACTS = {
  pod: v.optional(
    v.pipe(
      v.strictObject({
        namespace: defineText(NAMESPACE, 'Namespace of the pod'),
        uid: defineText(UID, 'UID of the pod: metadata.uid'),
      }),
      v.description('A pod: logins with its tokens, their sessions, and its mappings'),
    ),
  ),
  serviceAccount: v.optional(
    v.pipe(
      v.strictObject({
        namespace: defineText(NAMESPACE, 'Namespace of the service account'),
        name: defineText(NAME, 'Name of the service account'),
      }),
      v.description('A service account and every pod that uses it'),
    ),
  ),
  node: v.optional(defineText(NAME, 'A node and every pod on it, by the name of the node')),
  attribute: v.optional(
    v.pipe(
      v.strictObject({
        name: defineText(ANY, 'Name of an attribute, as templates write it'),
        value: defineText(ANY, 'Its exact value; of several values any one'),
      }),
      v.description('Whatever has this value of this attribute'),
    ),
  ),
  tokenId: v.optional(
    v.pipe(
      v.strictObject({
        issuer: defineText(ANY, 'Issuer of the token (iss), exactly'),
        jti: defineText(ANY, 'Id of the token (jti)'),
      }),
      v.description('One token, and the sessions that it opened'),
    ),
  ),
  session: v.optional(defineText(SESSION_ID, 'One session, by its id (jti)')),
}
type FactName = keyof typeof FACTS

const entrySchema = v.strictObject({ ...FACTS, until, reason })
type Entry = v.InferOutput<typeof entrySchema>

const specSchema = v.strictObject({
  lock: v.optional(
    v.pipe(
      v.strictObject({ until, reason }),
      v.description('Refuses every login, every session and every mapping of this cluster or trust domain'),
    ),
  ),
  entries: v.optional(
    v.pipe(
      v.array(entrySchema),
      v.metadata(SALVAGED),
      v.description(`What is revoked, at most ${REVOCATIONS_MAX} entries`),
    ),
  ),
})

export const revocations: SectionRow<RevocationSet> = defineSection({
  scopes: ['cluster', 'trust-domain'],
  maxBytes: REVOCATIONS_DOCUMENT_MAX_BYTES,
  description: 'What may no longer log in, use a session or be mapped',
  spec: specSchema,
  compile({ lock, entries = [] }, _context, report) {
    if (entries.length > REVOCATIONS_MAX) {
      const message = `Cannot hold ${entries.length} entries: at most ${REVOCATIONS_MAX} are allowed; remove those that have expired with postern revoke prune`
      report({ code: 'revocations_too_many', path: ['entries'], message })
      return undefined
    }
    const compiled = entries.flatMap((entry, index) => (entry === undefined ? [] : compileEntry(entry, index, report)))
    return createRevocationSet(compiled, compileLock(lock, report), (entry, earlier) => {
      const message = `The entry names the same as entry ${earlier.index + 1}: the later until counts; remove one`
      report({ code: 'revocation_duplicate', path: ['entries', entry.index], message })
    })
  },
})

function compileLock(lock: { readonly until: string; readonly reason: string } | undefined, report: Report) {
  if (lock === undefined) return undefined
  const untilSeconds = readTime(lock.until, ['lock', 'until'], report)
  return untilSeconds === undefined ? undefined : ({ untilSeconds, reason: lock.reason } satisfies Lock)
}

function readTime(text: string, path: Path, report: Report): number | undefined {
  const seconds = parseInstantSeconds(text)
  if (seconds === undefined) {
    const message = `Cannot use ${quoteText(text)} as a time: expected RFC 3339 in UTC, for example 2026-01-31T12:00:00Z`
    report({ code: 'value_invalid', path, message })
  }
  return seconds
}

function compileEntry(entry: Entry, index: number, report: Report): readonly Revocation[] {
  const path = ['entries', index]
  const names = (Object.keys(FACTS) as FactName[]).filter((name) => entry[name] !== undefined)
  const [name, second] = names
  if (name === undefined) {
    const message = `The entry does not say what is revoked: add one of ${Object.keys(FACTS).join(', ')}`
    report({ code: 'field_missing', path, message })
    return []
  }
  if (second !== undefined) {
    const message = `Cannot use both ${name} and ${second} in one entry: write an entry for each`
    report({ code: 'field_conflict', path: [...path, second], message, atKey: true })
    return []
  }
  const untilSeconds = readTime(entry.until, [...path, 'until'], report)
  const fact = compileFact(entry, (issue) => report({ ...issue, path: [...path, ...issue.path] }))
  return untilSeconds === undefined || fact === undefined ? [] : [{ index, fact, untilSeconds, reason: entry.reason }]
}

function compileFact(entry: Entry, report: Report): RevokedFact | undefined {
  const { pod, serviceAccount, node, attribute, tokenId, session } = entry
  let failed = false
  function check(form: StringForm, text: string, path: Path): void {
    if (form.accepts(text)) return
    failed = true
    report({ code: 'value_invalid', path, message: `Cannot use ${quoteText(text)}: expected ${form.words}` })
  }
  function finish(fact: RevokedFact, ...texts: readonly string[]): RevokedFact | undefined {
    const bytes = texts.reduce((sum, text) => sum + encodeUtf8(text).length, 0)
    if (bytes > REVOCATION_FACT_MAX_BYTES) {
      const message = `What the entry revokes has ${bytes} bytes: at most ${REVOCATION_FACT_MAX_BYTES} are allowed`
      report({ code: 'value_out_of_range', path: [], message })
      return undefined
    }
    return failed ? undefined : fact
  }
  if (pod !== undefined) {
    check(NAMESPACE, pod.namespace, ['pod', 'namespace'])
    check(UID, pod.uid, ['pod', 'uid'])
    return finish({ kind: 'pod', ...pod }, pod.namespace, pod.uid)
  }
  if (serviceAccount !== undefined) {
    check(NAMESPACE, serviceAccount.namespace, ['serviceAccount', 'namespace'])
    check(NAME, serviceAccount.name, ['serviceAccount', 'name'])
    return finish({ kind: 'serviceAccount', ...serviceAccount }, serviceAccount.namespace, serviceAccount.name)
  }
  if (node !== undefined) {
    check(NAME, node, ['node'])
    return finish({ kind: 'node', name: node }, node)
  }
  if (tokenId !== undefined) {
    check(ANY, tokenId.issuer, ['tokenId', 'issuer'])
    check(ANY, tokenId.jti, ['tokenId', 'jti'])
    return finish({ kind: 'tokenId', ...tokenId }, tokenId.issuer, tokenId.jti)
  }
  if (session !== undefined) {
    check(SESSION_ID, session, ['session'])
    return finish({ kind: 'session', id: session }, session)
  }
  if (attribute === undefined) return undefined
  const name = readAttributeName(attribute.name, report)
  check(ANY, attribute.value, ['attribute', 'value'])
  return name === undefined
    ? undefined
    : finish({ kind: 'attribute', name, value: attribute.value }, name, attribute.value)
}

/** The canonical name: a second spelling of an attribute must not evade its entry. */
function readAttributeName(text: string, report: Report): string | undefined {
  const path = ['attribute', 'name']
  const resolved = resolveAttribute(text)
  if (resolved === undefined) {
    const near = suggestAttribute(text)
    const hint = near === undefined ? 'see docs/attributes.md' : `did you mean ${near}?`
    report({ code: 'attribute_unknown', path, message: `Unknown attribute ${quoteText(text)}: ${hint}` })
    return undefined
  }
  if (resolved.row.side === 'built-in') {
    const message = `Cannot revoke by ${resolved.name}, which every agent and workload of a cluster has: write spec.lock to refuse them all`
    report({ code: 'attribute_origin_forbidden', path, message })
    return undefined
  }
  return resolved.name
}
