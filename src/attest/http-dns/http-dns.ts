// `http_dns`: a host serves the answer to a challenge over HTTP, at a name and a port that the policy allows. It proves who
// answers there, as the gateway's resolver and network see it, and nothing more.
import { digestText } from '../../core/digest.ts'
import type { Refusal } from '../../core/refusal.ts'
import { pass, refuse } from '../../core/result.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import type { HostAnswer } from '../attest-context.ts'
import type { Attestor } from '../attestor.ts'
import { compileHttpDns, type HttpDnsConfig, type HttpDnsPins, httpDnsConfigSchema } from './config.ts'
import { checkPlace, isAllowed, listPlaceAttributes, type Place, placeSchema, restorePlace } from './place.ts'

interface Opened {
  readonly place: Place
  readonly path: string
  readonly answer: string
}

interface HttpDnsShapes {
  evidence: Place
  config: HttpDnsConfig
  pins: HttpDnsPins
  anchor: null
  opened: Opened
  facts: Place
  request: Place
  secret: null
}

export const httpDns: Attestor<HttpDnsShapes> = {
  type: 'http_dns',
  words: {
    evidence: 'a host name with an answer served there',
    summary:
      'A host that serves the answer to a challenge of this gateway over HTTP, at its own name and port. It proves that whoever logs in answers at that name and port now, as the resolver and the network of the gateway see it. Whoever changes that name in the DNS, is on the way between gateway and host, or may listen on that port of the host, can make it.',
  },
  evidenceSchema: placeSchema,
  configSchema: httpDnsConfigSchema,
  configOptional: false,
  compile: compileHttpDns,
  challengeSchema: placeSchema,
  challenge: async (_request, _context, id) => pass({ published: { path: makePath(id) }, secret: null }),

  open(place, challenge) {
    if (challenge === undefined) throw new Error('a row with challenges was opened without one')
    const { id, request, message } = challenge
    if (place.hostname !== request.hostname || place.port !== request.port) return refuse(OTHER_PLACE)
    return pass({ digestible: id, value: { place, path: makePath(id), answer: makeAnswer(message) } })
  },

  readClaimed: ({ hostname, port }) => ({ hostname, port: String(port) }),

  async verify({ place, path, answer }, _anchor, pins, { askHost }) {
    if (!isAllowed(place, pins))
      return refuse(describeUnproved('not_allowed', 'no policy allows this place: not asked'))
    const served = await askHost({ ...place, path })
    const refusal = findRefusal(served, answer)
    return refusal === undefined ? pass({ expiresAtSeconds: Number.POSITIVE_INFINITY, facts: place }) : refuse(refusal)
  },

  checks: checkPlace,
  attributes: listPlaceAttributes,
  restore: restorePlace,
}

/** The path is Postern's: no public document names that of upstream. */
function makePath(challengeId: string): string {
  return `/.well-known/postern/http-dns/${challengeId}`
}

/**
 * Makes what the host must serve: SHA-256, as base64url, of the lines that other attestors sign. They name this gateway by
 * the URL that the agent has configured, so that no other gateway can pass the challenge on, and hold the whole challenge,
 * which only those know who asked for it.
 */
export function makeAnswer(message: string): string {
  return digestText(message)
}

function findRefusal(served: HostAnswer, expected: string): Refusal | undefined {
  if (served.kind === 'refused') return served.refusal
  if (served.kind === 'failed') return describeUnproved(served.cause, served.reason)
  // Programs that write files end them with a line end.
  const text = decodeUtf8(served.body)?.replace(/\r?\n$/, '')
  return text === expected ? undefined : describeUnproved('body_other', 'served something else than the answer')
}

/** One sentence for every cause: the gateway must not be a scanner of the ports and names that it can reach. */
function describeUnproved(cause: string, reason: string): Refusal {
  return {
    code: 'http_dns_unproved',
    detail:
      'the gateway did not get the answer to this challenge at this host name and port: serve it at the path that came with the challenge until the login ends, and request a new challenge for each login',
    audit: { httpDnsCause: cause, httpDnsFailure: reason },
  }
}

const OTHER_PLACE: Refusal = {
  code: 'challenge_mismatch',
  detail: 'the challenge was requested for another host name or port: send those that it was requested with',
}
