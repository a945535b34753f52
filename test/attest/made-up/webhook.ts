// Call-out: a policy asks a change desk whether a login may be, when everything else has passed.
import * as v from 'valibot'
import type { Attestor } from '../../../src/attest/attestor.ts'
import type { Attribute } from '../../../src/attribute/attribute.ts'
import { makeRows } from '../../../src/attribute/row.ts'
import type { Json } from '../../../src/core/json.ts'
import { quoteText } from '../../../src/core/printable.ts'
import { pass, refuse } from '../../../src/core/result.ts'
import { checkUrl } from '../../../src/net/url-policy.ts'

interface WebhookShapes {
  evidence: { readonly desk: string; readonly ticket: string }
  config: { readonly desk: string; readonly url: string }
  pins: { readonly url: string }
  anchor: null
  opened: { readonly ticket: string }
  facts: readonly Attribute[]
  request: never
  secret: never
}

const text = v.pipe(v.string(), v.nonEmpty())

/** Names and origins are taken as they come: the gateway holds them against what the row may vouch for. */
const answerSchema = v.strictObject({
  allowed: v.boolean(),
  attributes: v.optional(
    v.array(v.strictObject({ origin: v.optional(v.string(), 'webhook'), name: v.string(), value: v.string() })),
    [],
  ),
})

export const webhook: Attestor<WebhookShapes> = {
  type: 'webhook',
  words: { evidence: 'a ticket', summary: 'A change desk says whether a login may be. It proves nothing by itself.' },
  evidenceSchema: v.strictObject({ desk: text, ticket: text }),
  configSchema: v.strictObject({
    desk: v.pipe(text, v.description('Name of the desk that gave the ticket')),
    url: v.pipe(text, v.description('Where the desk answers')),
  }),
  configOptional: false,
  attributeRows: makeRows('webhook', 'agent', {
    'webhook.change': { alphabet: 'identifier', description: 'Change that the ticket is about' },
    'webhook.approver': { optional: true, alphabet: 'text', description: 'Who approved it' },
  }),

  compile({ desk, url }, { urlPolicy }, report) {
    const checked = checkUrl(url, urlPolicy)
    if (checked.ok) return { selector: desk, anchor: { id: '', value: null }, pins: { url }, scoped: true }
    const message = `Cannot ask ${quoteText(url)}: ${checked.reason}`
    report({ code: 'url_forbidden', path: ['url'], message })
    return undefined
  },

  open: ({ desk, ticket }) => pass({ selector: desk, digestible: `${desk}\n${ticket}`, value: { ticket } }),
  readClaimed: ({ desk }) => ({ issuer: desk }),

  async callOut({ ticket }, _anchor, { url }, proved, context) {
    const told: Json = Object.fromEntries(proved)
    const answered = await context.fetchJson(url, { ticket, proved: told })
    if (!answered.ok) return answered
    const answer = v.safeParse(answerSchema, answered.value)
    if (!answer.success) {
      const detail = 'what the policy asks did not answer: try again'
      return refuse({
        code: 'call_out_unanswered',
        detail,
        audit: { callOutUrl: url, callOutFailure: 'no such answer' },
      })
    }
    if (!answer.output.allowed) return refuse({ code: 'condition_failed', detail: 'the change desk says no' })
    return pass(answer.output.attributes)
  },

  async verify() {
    throw new Error('a call-out verifies nothing')
  },
  *checks() {},
  attributes: (facts) => facts,
}
