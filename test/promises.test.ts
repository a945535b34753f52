// What SECURITY.md and docs/ promise of deletion, revocation, unlisted clusters and bounds, and the test that holds each
// sentence. A sentence that is changed, or a test that is renamed, must be looked at again.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

type Row = readonly [sentence: string, file: string, title: string]

const SECURITY: readonly Row[] = [
  [
    "Nothing is admitted without evidence that a key of the satisfied policy's own issuer verified.",
    'policy/login/login.test.ts',
    'does not take evidence of another issuer for the one that a policy asks for',
  ],
  [
    'The one exception is a policy of `ServerlessAttestation` that requires call-outs alone: the called service decides, and validation warns of it.',
    'config/sections/serverless-attestation.test.ts',
    'alone is a warning here, and still an error where agents log in',
  ],
  [
    'A challenge or a proof for a login gives no workload an identity, and the reverse.',
    'gateway/routes/serverless.test.ts',
    'for an identity is not for a login',
  ],
  [
    'No policy, an empty policy, an unknown field, an unknown attestor or a missing attribute refuses.',
    'policy/login/login.test.ts',
    'refuses a policy without requirements, which logic would call satisfied',
  ],
  [
    'An unlisted cluster cannot render the paths of a listed one, nor use its name.',
    'gateway/unlisted.test.ts',
    'mapping of a cluster that TrustDomain does not list',
  ],
  ['No session is issued without its audit record.', 'gateway/audit-refused.test.ts', '%s is refused'],
  [
    'Of all logins with the same evidence a policy with `singleUse` admits one, on every host, at the same time and after a restart.',
    'conformance/single-use.test.ts',
    'remembers what was used when it is killed',
  ],
  [
    'A store of used evidence that cannot be asked admits nobody.',
    'gateway/single-use.test.ts',
    'refuses (%s), lets policies without it admit, and is told of once',
  ],
  [
    "A caller never learns why an issuer's keys could not be fetched, nor why a host that it named was not reached.",
    'conformance/issuer-failures.test.ts',
    '%s is reported to the operator as %s, and not to the caller',
  ],
  [
    'A webhook is called at an origin that `WEBHOOKS` lists, and the secrets of an origin go to it alone.',
    'gateway/webhook/call-webhook.test.ts',
    'carries secrets of its own origin and of no other, whatever is called',
  ],
  [
    'A webhook allows a login by an answer to that very request, and names no attribute but `custom.<key>`.',
    'attest/extension/answer.test.ts',
    'yields nothing but attributes of its own, whatever it reads',
  ],
  [
    'No caller makes the gateway connect to loopback, link-local, multicast or metadata addresses, whatever networks are listed.',
    'net/listed-networks.test.ts',
    'is never of a kind that is never reached, whatever is listed',
  ],
  [
    'A change, and a deletion, is in force within propagation of the store + `cacheTtl` 30 s + 60 s.',
    'config/live/cache.test.ts',
    'by deletion shows within the same bound',
  ],
  [
    'While the store cannot be read, copies serve for at most 1 h, marked `stale`.',
    'gateway/last-known-good.test.ts',
    'serves what is in memory up to the stated age, and says that it is stale',
  ],
  [
    'A document that does not compile leaves the last good version in force.',
    'gateway/last-known-good.test.ts',
    'leaves the good one in force, in a warm isolate and in a cold one, and says where it is wrong',
  ],
  [
    'Once a gateway has answered by a version, no gateway answers by an earlier one later than that bound.',
    'config/live/version-order.test.ts',
    'holds in every schedule',
  ],
  [
    'Once a gateway or `config delete` has seen a deletion, a bad document does not bring the deleted version back.',
    'gateway/superseded.ts',
    'a policy whose deletion was seen does not admit when a bad document follows',
  ],
  [
    'If the order of two versions cannot be known, a bad document leaves neither in force.',
    'config/contested.test.ts',
    'is not undone by a bad document in %s',
  ],
  [
    'A record that was planted, edited or sealed by another deployment counts as absent.',
    'token/applied-record.test.ts',
    'when it was sealed with the same keys by a gateway %s',
  ],
  [
    'A session is revoked when its policy changes so that it would not admit it now.',
    'policy/login/decision.test.ts',
    'is good by exactly those policies that would admit its evidence',
  ],
  [
    'A comment, a message or another policy revokes no session.',
    'gateway/sessions-in-use.test.ts',
    'stays good when $what',
  ],
  [
    '`sessionsNotBefore` revokes all sessions that were issued before it.',
    'gateway/sessions-in-use.test.ts',
    'sessionsNotBefore',
  ],
  [
    'A document that cannot be read revokes nothing, and admits nothing new.',
    'gateway/sessions-in-use.test.ts',
    'cannot be judged without the document of its policies, and is not called revoked',
  ],
  [
    'An anonymous request costs a bounded number of store reads, fetches and bytes.',
    'gateway/attack-costs.test.ts',
    'are answered with the expected statuses, and none is a fault',
  ],
  [
    'One audit record has at most 32 KiB, that of a claims request at most 64 KiB.',
    'gateway/audit-bounds.test.ts',
    'records and answers are bounded and print',
  ],
  [
    'A claims request has one budget of work and one of answer bytes.',
    'gateway/claims-budget.test.ts',
    'of long claims is answered within the budget of bytes, and those before the end of it are mapped',
  ],
]

const OPERATE: readonly Row[] = [
  [
    'Deleting a document is honoured, and a bad one that is stored afterwards does not bring the old one back.',
    'config/records.test.ts',
    'followed by a bad document brings nothing back in %s',
  ],
  [
    'Two versions that were read within 90 s of each other in different places are *contested*',
    'config/contested.test.ts',
    'a version that another isolate reads shortly after the one before it',
  ],
  [
    'A record comes into force only within 7 days after a gateway last knew it to be in force; gateways confirm it daily.',
    'config/contested.test.ts',
    'is confirmed once a day while its version is in force, and holds after a year',
  ],
  [
    'the deleted version can come into force again for up to 7 days',
    'gateway/superseded.ts',
    'a policy whose deletion nobody saw does not admit a week later',
  ],
  [
    '`config delete` also puts a tombstone in the place of the record',
    'cli/config/config-history.test.ts',
    'takes the record of the gateway away as well: %s',
  ],
  [
    'A file that was written in place is believed once it has not changed for a second',
    'runtime/directory-source.test.ts',
    'is read whole, and never its first part',
  ],
  [
    'one read per section of a cluster (6) and one of a record, then none for 60 s',
    'config/live/cluster-existence.test.ts',
    'costs one read of a record: what is only looked for is not put on record',
  ],
]

const POLICIES: readonly Row[] = [
  [
    'Once one is listed, mapping is refused for every cluster that is not (`cluster_unlisted`, 403); its agents still log in.',
    'gateway/unlisted.test.ts',
    'is refused, and its agents still log in',
  ],
]

const SECURITY_PAGE: readonly Row[] = [
  [
    'Clusters that `allowedClusters` no longer names answer `session_cluster_forbidden`; for the others the session stays good.',
    'gateway/sessions-in-use.test.ts',
    'the clusters of an issuer',
  ],
]

const plain = (text: string): string => text.replace(/\s+/g, ' ')

describe.each([
  ['SECURITY.md', SECURITY],
  ['docs/operate.md', OPERATE],
  ['docs/policies.md', POLICIES],
  ['docs/security.md', SECURITY_PAGE],
])('%s', (document, rows) => {
  const text = plain(readFileSync(document, 'utf8'))

  it.each(rows)('says "%s", and a test holds it', (sentence, file, title) => {
    expect(text).toContain(sentence)
    expect(plain(readFileSync(`test/${file}`, 'utf8'))).toContain(title)
  })
})

it('SECURITY.md promises nothing in its lists that is not in the table', () => {
  const lists = readFileSync('SECURITY.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('- '))
  expect(lists.map((line) => line.slice(2))).toEqual(SECURITY.map(([sentence]) => sentence))
})
