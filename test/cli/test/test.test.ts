// `postern test`: its exit status, its formats, and that the example works as docs/policy-tests.md says.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attestation, bench } from '../call.ts'

const CASES = [
  { name: 'in', login: { attributes: agentOf('system') }, expect: { admit: 'first' } },
  { name: 'out <&">\uffff', login: { attributes: agentOf('other') }, expect: { refuse: 'namespace_not_allowed' } },
]
function agentOf(namespace: string) {
  return {
    'k8s_token.issuer': 'https://issuer.example',
    'k8s_token.namespace': namespace,
    'k8s_token.service_account.name': 'agent',
  }
}
const FAILING = CASES.map((one) => ({ ...one, expect: { admit: 'first' } }))
const fileOf = (cases: unknown, documents: readonly string[] = ['policy.yaml']): string =>
  JSON.stringify({ trustDomain: 'example.org', now: '2026-01-01T00:00:00Z', documents, cases }).replaceAll(
    '\uffff',
    '\\uffff',
  )

function made() {
  const at = bench()
  at.file('tests/policy.yaml', attestation())
  return at
}

describe('postern test', () => {
  it.each(['text', 'json', 'junit'])('ends with 0 where every case passes, in %s', async (format) => {
    const { file, call } = made()
    const called = await call('test', '--format', format, file('tests/t.yaml', fileOf(CASES)))
    expect(called).toMatchObject({ exitCode: 0, err: '' })
  })

  it('says of a case that fails what was expected, what came and why', async () => {
    const { file, call } = made()
    const { exitCode, out } = await call('test', file('tests/t.yaml', fileOf(FAILING)))
    expect(exitCode).toBe(1)
    expect(out).toMatch(
      /✓ in\n.*✗ out[\s\S]*expected {2}admitted by first\n.*actual {4}refused: namespace_not_allowed\n.*namespace: other, expected system/,
    )
    expect(out).toContain('1 passed, 1 failed')
  })

  it('prints JSON for programs', async () => {
    const { file, call } = made()
    const { out } = await call('test', '--format', 'json', file('tests/t.yaml', fileOf(FAILING)))
    expect(JSON.parse(out)).toMatchObject({
      passed: false,
      files: [
        {
          file: 'tests/t.yaml',
          results: [
            { name: 'in', passed: true },
            { passed: false, actual: 'refused: namespace_not_allowed' },
          ],
        },
      ],
    })
  })

  it('prints JUnit XML that is well-formed, whatever the names', async () => {
    const { file, call } = made()
    const { out } = await call(
      'test',
      '--format',
      'junit',
      file('tests/t.yaml', fileOf(FAILING)),
      file('tests/u.yaml', fileOf(CASES)),
    )
    expect(out).toContain('<testsuites name="postern test" tests="4" failures="1">')
    expect(out).toContain('name="out &lt;&amp;&quot;&gt;\ufffd"')
    // Every element is closed, and no bare special character is left.
    const open: string[] = []
    for (const [, close, name, self] of out.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
      if (close === '/') expect(open.pop()).toBe(name)
      else if (self !== '/') open.push(name ?? '')
    }
    expect(open).toEqual([])
    expect(out.replaceAll(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!(lt|gt|amp|quot|#10);)/)
  })

  it.each<[string, string, readonly string[], number, RegExp]>([
    ['a file that is not valid', '{}', ['t.yaml'], 2, /t\.yaml:1:1: error field_missing/],
    [
      'a document that is not there',
      fileOf(CASES, ['gone.yaml']),
      ['t.yaml'],
      2,
      /tests\/gone\.yaml: the file does not exist/,
    ],
    ['a document that is none', fileOf(CASES, ['t.yaml']), ['t.yaml'], 2, /t\.yaml is not a document/],
    [
      'a document twice',
      fileOf(CASES, ['policy.yaml', './policy.yaml']),
      ['t.yaml'],
      2,
      /are both AgentAttestation of the cluster/,
    ],
    [
      'a policy that there is not',
      fileOf([{ ...CASES[0], expect: { admit: 'frist' } }]),
      ['t.yaml'],
      2,
      /did you mean "first"/,
    ],
    ['an unknown format', fileOf(CASES), ['t.yaml', '--format', 'xml'], 2, /Expected one of: text, json, junit/],
    [
      'a document that does not compile',
      fileOf(CASES, ['bad.yaml']),
      ['t.yaml'],
      1,
      /bad\.yaml:\d+:\d+: error field_unknown/,
    ],
  ])('ends with a message for %s', async (_name, text, words, exitCode, message) => {
    const { file, call } = made()
    file('tests/bad.yaml', attestation().replace('issuerURL', 'isuerURL'))
    file('tests/t.yaml', text)
    const called = await call('test', ...words.map((word) => (word === 't.yaml' ? 'tests/t.yaml' : word)))
    expect(called).toMatchObject({ exitCode, out: '' })
    expect(called.err).toMatch(message)
  })

  it('takes Revocations of the trust domain from its folder', async () => {
    const { file, call } = made()
    const entry = {
      attribute: { name: 'k8s_token.namespace', value: 'system' },
      until: '2026-02-01T00:00:00Z',
      reason: 'x',
    }
    file(
      'tests/trust-domain/Revocations.yaml',
      JSON.stringify({ section: 'Revocations', schema: 'v1', spec: { entries: [entry] } }),
    )
    const revoked = [{ ...CASES[0], expect: { refuse: 'evidence_revoked' } }]
    const test = file('tests/t.yaml', fileOf(revoked, ['policy.yaml', 'trust-domain/Revocations.yaml']))
    expect(await call('test', test)).toMatchObject({ exitCode: 0 })
  })

  it('prints for the example what docs/policy-tests.md shows', async () => {
    const { file, call } = made()
    for (const name of [
      'AgentAttestation.yaml',
      'ServerlessAttestation.yaml',
      'SVIDIssuancePolicy.yaml',
      'TrustDomainServerAttestation.yaml',
      'policy-tests.yaml',
    ])
      file(`examples/${name}`, readFileSync(resolve('examples', name), 'utf8'))
    const page = readFileSync('docs/policy-tests.md', 'utf8')
    expect(page).toContain(readFileSync('examples/policy-tests.yaml', 'utf8'))
    const [, words = ''] = /^npm run -s postern -- (test .*)$/m.exec(page) ?? []
    expect(page).toContain((await call(...words.split(' '))).out)
  })

  it('passes with the example, and fails where its policy is opened', async () => {
    const { file, call } = made()
    for (const name of [
      'AgentAttestation.yaml',
      'ServerlessAttestation.yaml',
      'SVIDIssuancePolicy.yaml',
      'TrustDomainServerAttestation.yaml',
      'policy-tests.yaml',
    ])
      file(name, readFileSync(resolve('examples', name), 'utf8'))
    expect(await call('test', 'policy-tests.yaml')).toMatchObject({ exitCode: 0 })
    const open = readFileSync(resolve('examples/AgentAttestation.yaml'), 'utf8').replace(/ +serviceAccountN[\s\S]*/, '')
    file('AgentAttestation.yaml', open)
    const { exitCode, out } = await call('test', 'policy-tests.yaml')
    expect(exitCode).toBe(1)
    expect(out).toContain('admitted by k8s_policy')
  })
})
