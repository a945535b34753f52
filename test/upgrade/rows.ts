// What one version does with what the other left, both ways: sessions, applied records, documents. Where something is refused, the
// row has the answer, and the sentence of CHANGELOG.md that says so before anybody meets it.
import type { At } from './world.ts'

export interface UpgradeRow {
  readonly what: string
  readonly run: (at: At) => Promise<string>
  /** The status, and the code of a refusal. */
  readonly expected: string
  /** Of CHANGELOG.md, for what is refused or not known. */
  readonly said?: string
}

const SESSIONS = 'All earlier sessions are refused once'
const RECORDS = 'Applied records of the earlier form count as absent'
const UNKNOWN = 'An earlier version beside this one refuses documents that use what it does not know'

const SINGLE_USE = 'singleUse: true'
const GITHUB = { type: 'github', config: { repositoryIDs: ['1'] } }

/** For each side, the other is who wrote. */
export const ROWS: readonly UpgradeRow[] = [
  {
    what: 'a document of the earlier version admits by this one',
    run: async (at) => at.login(await at.start('this')),
    expected: '200',
  },
  {
    what: 'and by the earlier one',
    run: async (at) => at.login(await at.start('earlier')),
    expected: '200',
  },
  {
    what: 'a workload is mapped alike by both',
    async run(at) {
      const [own, earlier] = [await at.start('this'), await at.start('earlier')]
      const [one, other] = [await at.spiffeIdBy(own), await at.spiffeIdBy(earlier)]
      return one === other && one.startsWith('spiffe://') ? '200' : `${one} ${other}`
    },
    expected: '200',
  },
  {
    what: "an issuer's session of the earlier version, used at this one",
    run: async (at) => at.status(await at.start('this'), await at.issuerSession(await at.start('earlier'))),
    expected: '401 session_revoked',
    said: SESSIONS,
  },
  {
    what: "an issuer's session of this version, used at the earlier one",
    run: async (at) => at.status(await at.start('earlier'), await at.issuerSession(await at.start('this'))),
    expected: '200',
  },
  {
    what: "an agent's session of the earlier version, sent along to this one",
    run: async (at) => at.claims(await at.start('this'), await at.agentSession(await at.start('earlier'))),
    expected: '401 session_revoked',
    said: SESSIONS,
  },
  {
    what: "an agent's session of this version, sent along to the earlier one",
    run: async (at) => at.claims(await at.start('earlier'), await at.agentSession(await at.start('this'))),
    expected: '200',
  },
  {
    what: 'a relying party verifies sessions of both by one key set',
    async run(at) {
      const [own, earlier] = [await at.start('this'), await at.start('earlier')]
      await at.verify(await at.agentSession(own), earlier)
      await at.verify(await at.agentSession(earlier), own)
      return '200'
    },
    expected: '200',
  },
  {
    what: 'a bad document, met cold by this version over records of the earlier one',
    run: (at) => at.badDocument('earlier', 'this'),
    expected: '503 configuration_invalid',
    said: RECORDS,
  },
  {
    what: 'a bad document, met cold by the earlier version over records of this one',
    run: (at) => at.badDocument('this', 'earlier'),
    expected: '503 configuration_invalid',
    said: RECORDS,
  },
  {
    what: 'a bad document, met cold by this version over its own records',
    run: (at) => at.badDocument('this', 'this'),
    expected: '200',
  },
  {
    what: 'a policy of single use, read by the earlier version',
    async run(at) {
      at.put('AgentAttestation', at.policyText([], SINGLE_USE))
      return at.login(await at.start('earlier'))
    },
    expected: '503 configuration_invalid',
    said: UNKNOWN,
  },
  {
    what: 'a policy that needs an attestor of this version, read by the earlier one',
    async run(at) {
      at.put('AgentAttestation', at.policyText([GITHUB]))
      return at.login(await at.start('earlier'))
    },
    expected: '503 configuration_invalid',
    said: UNKNOWN,
  },
  {
    what: 'scopes of issuers, read by the earlier version',
    async run(at) {
      at.putServers('scopes: [status]')
      return at.loginAsIssuer(await at.start('earlier'))
    },
    expected: '503 configuration_invalid',
    said: UNKNOWN,
  },
  {
    what: 'a lock, met by this version',
    async run(at) {
      at.put('Revocations', { lock: { until: '9999-01-01T00:00:00Z', reason: 'test' } })
      return at.login(await at.start('this'))
    },
    expected: '403 cluster_locked',
  },
  {
    what: 'a lock, passed over by the earlier version',
    async run(at) {
      at.put('Revocations', { lock: { until: '9999-01-01T00:00:00Z', reason: 'test' } })
      return at.login(await at.start('earlier'))
    },
    expected: '200',
    said: 'does not know the section: it neither revokes nor locks, and opens every scope',
  },
  {
    what: 'agents log in all the while that the fleet is upgraded and rolled back',
    run: (at) => at.roll(),
    expected: '200',
  },
]
