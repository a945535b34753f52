// `extension`: a webhook decides about a login when everything else of its policy has passed, and adds attributes of its
// own. It is told what the other attestors proved and what the agent sends for it; no token and no other evidence.
import * as v from 'valibot'
import type { Attributes } from '../../attribute/attribute.ts'
import { resolveAttribute } from '../../attribute/catalogue.ts'
import { type Json, writeCanonicalJson } from '../../core/json.ts'
import { WEBHOOK_PROOF_MAX_BYTES } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { pass, refuse } from '../../core/result.ts'
import { countUtf8Bytes } from '../../core/utf8.ts'
import { makeUuidV7 } from '../../core/uuid.ts'
import type { Attestor } from '../attestor.ts'
import { describeCallOut } from '../call-out-facts.ts'
import { readAnswer } from './answer.ts'
import {
  compileExtension,
  type ExtensionAnchor,
  type ExtensionConfig,
  type ExtensionPins,
  extensionConfigSchema,
} from './config.ts'

interface ExtensionShapes {
  evidence: { readonly proof: unknown }
  config: ExtensionConfig
  pins: ExtensionPins
  anchor: ExtensionAnchor
  opened: { readonly proof: Json }
  facts: never
  request: never
  secret: never
}

export const extension: Attestor<ExtensionShapes> = {
  type: 'extension',
  words: {
    evidence: 'the proof of an extension',
    summary:
      'A webhook of your own, asked when all other attestors and the conditions of the policy have passed. It gets what they proved and what an executable beside the agent sends for it, allows or denies the login, and may add attributes `custom.<key>`. It verifies no evidence for the gateway, so a policy of agents or issuers needs another attestor as well. Requests are signed; the contract is in [extension.md](extension.md).',
  },
  evidenceSchema: v.strictObject({
    proof: v.pipe(v.unknown(), v.description('What the webhook asks for: any JSON, at most 16 KiB')),
  }),
  configSchema: extensionConfigSchema,
  configOptional: false,
  compile: compileExtension,

  open({ proof: sent }) {
    // The body of a login is JSON, and so is everything in it.
    const proof = sent as Json
    const digestible = writeCanonicalJson(proof)
    const bytes = countUtf8Bytes(digestible)
    if (bytes <= WEBHOOK_PROOF_MAX_BYTES) return pass({ digestible, value: { proof } })
    const detail = `the field proof has ${bytes} bytes as JSON: send at most ${WEBHOOK_PROOF_MAX_BYTES}`
    return refuse({ code: 'proof_malformed', where: 'proof', detail })
  },
  // A proof means something to its webhook alone, and may be a secret.
  readClaimed: () => ({}),

  async callOut({ proof }, { value: how }, { webhookURL: url }, proved, context) {
    const requestId = makeUuidV7(context.nowSeconds * 1000)
    const body = writeCanonicalJson({ version: 1, requestId, attributes: listProved(proved), proof })
    const reply = await context.callWebhook({ ...how, url, requestId, body })
    const { answer, requestDigest, tries, durationMillis } = reply
    const { origin } = new URL(url)
    const note = { type: 'extension', origin, requestId, tries, durationMillis }
    if (!answer.ok) {
      if (tries > 0) context.noteCallOut({ ...note, outcome: 'failed' })
      return answer
    }
    const read = readAnswer(answer.value, { requestId, requestDigest }, proved)
    if ('fault' in read) {
      context.noteCallOut({ ...note, outcome: 'failed' })
      return refuse(refuseAnswer(read.kind, url, read.fault))
    }
    const { kind, reason } = read
    context.noteCallOut({ ...note, outcome: kind, ...(reason === undefined ? {} : { reason }) })
    return kind === 'allowed' ? pass(read.attributes) : refuse(DENIED)
  },

  async verify() {
    throw new Error('a call-out verifies nothing')
  },
  *checks() {},
  attributes: () => [],
}

/** Names alone would not say who vouches: each attribute goes with its attestor. */
function listProved(proved: Attributes): Json {
  return Array.from(proved, ([name, value]) => {
    const known = resolveAttribute(name)
    if (known === undefined) throw new Error(`the attribute ${name} was proved and is not in the catalogue`)
    return { name, origin: known.row.origin, value }
  })
}

/** What the service says goes to the audit record: the caller could otherwise find out what it checks. */
const DENIED: Refusal = {
  code: 'call_out_denied',
  detail: 'a service that the policy consults does not admit this login',
}

function refuseAnswer(kind: 'invalid' | 'mismatch', url: string, fault: string): Refusal {
  return {
    code: kind === 'invalid' ? 'call_out_answer_invalid' : 'call_out_answer_mismatch',
    detail: 'a service that the policy consults gave no answer that can be used: try again, or contact the operator',
    retryAfterSeconds: 1,
    audit: describeCallOut(url, `the answer ${fault}`),
  }
}
