// The page's verdict is the gateway's answer: the module that the page's worker bundles decides every login of the conformance
// list that is decided without asking the gateway first, and says what every host answers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlaygroundEngine } from '../../playground/engine/playground-engine.ts'
import type { LoginReport } from '../../playground/engine/report.ts'
import type { Situation } from '../../playground/engine/situation.ts'
import { isSectionName } from '../../src/config/sections/table.ts'
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import { CLAIM_ROWS } from '../conformance/list/claim-rows.ts'
import { type Counterparts, openCounterparts } from '../conformance/list/counterparts.ts'
import { section, trustDomain } from '../conformance/list/documents.ts'
import { HOST_ROWS } from '../conformance/list/host-rows.ts'
import { type Row, type Sent, tell } from '../conformance/list/row.ts'
import { TOKEN_ROWS } from '../conformance/list/token-rows.ts'
import { makeEngine, SETTINGS } from './situation.ts'

const ROWS = [...TOKEN_ROWS, ...CLAIM_ROWS, ...HOST_ROWS].filter(({ isSkipped }) => isSkipped !== true)

/** Rows that the page does not decide, each for something that it says it does not do. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'a service account: whose audience no session can keep': 'the page issues no session, so none is too large',
}

const URL = 'https://login.example.org'

let engine: PlaygroundEngine
let world: Counterparts
beforeAll(async () => {
  engine = makeEngine()
  world = await openCounterparts()
})
afterAll(() => world.stop())

class AsksGateway extends Error {}

/** The request of a row; `undefined` if it needs an answer of the gateway beforehand: a challenge, a login. */
async function makeRequest(row: Row): Promise<Sent | undefined> {
  const ask = () => Promise.reject(new AsksGateway())
  try {
    return await row.send({ url: URL, id: 'row', world, ask })
  } catch (error) {
    if (error instanceof AsksGateway) return undefined
    throw error
  }
}

function place(documents: Readonly<Record<string, string>>): readonly PlacedDocument[] {
  return Object.entries(documents).flatMap(([key, text]) => {
    const name = key.split('/').at(-1) ?? ''
    const scope = key.startsWith('trust-domain/') ? 'trust-domain' : 'cluster'
    return isSectionName(name) ? [{ scope, section: name, text } as const] : []
  })
}

/** The key set that the issuer of the row's documents serves, as an operator would paste it; of one that is down, none. */
async function fetchKeys(text: string): Promise<string> {
  const issuer = [world.issuer, world.twoKeys, world.weak].find((one) => text.includes(one.issuer))
  return issuer === undefined ? '' : await (await fetch(issuer.jwksUrl)).text()
}

async function makeSituation(row: Row, body: string): Promise<Situation> {
  const own = Object.entries(row.sections?.(world) ?? {}).map(([name, spec]) => [`row/${name}`, section(name, spec)])
  const documents = place({ ...trustDomain(world), ...Object.fromEntries(own) })
  const policies = documents.find((one) => one.section === 'AgentAttestation')?.text ?? ''
  return {
    settings: { ...SETTINGS, issuerUrl: URL, allowLoopbackIssuers: true },
    documents,
    role: 'agent',
    evidence: body,
    keys: await fetchKeys(policies),
    workload: '',
    container: '',
    atSeconds: Math.floor(Date.now() / 1000),
  }
}

/** What a host would be seen to answer. */
function tellLogin(login: LoginReport): string {
  switch (login.kind) {
    case 'invalid_document':
      return '503 configuration_invalid'
    case 'refused_body':
      return tell(login.verdict.answer.status, login.verdict.answer)
    case 'explained': {
      const { verdict } = login
      if (verdict.kind === 'admitted') return '200'
      if (verdict.kind === 'undecided') return 'undecided'
      const { status, code } = verdict.answer
      return tell(status, { code, refusals: verdict.refusals.map(({ refusal }) => ({ code: refusal.code })) })
    }
    default:
      return login.kind
  }
}

describe('the engine of the page', () => {
  const compared: string[] = []

  it.each(ROWS)('$name', async (row) => {
    const sent = await makeRequest(row)
    if (sent === undefined || !sent.path.endsWith('/login') || row.name in ELSEWHERE) return
    const { login } = await engine.evaluate(await makeSituation(row, String(sent.init?.body)))
    // Keys that cannot be had leave the gateway and the page without an answer of their own.
    const told = row.told.startsWith('503 signing_key_unavailable') ? 'undecided' : row.told
    expect(tellLogin(login)).toBe(told)
    compared.push(row.name)
  })

  it('has been compared with most of the list', () => {
    expect(compared.length).toBeGreaterThan(100)
    for (const name of Object.keys(ELSEWHERE)) expect(ROWS.map((row) => row.name)).toContain(name)
  })
})
