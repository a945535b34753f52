import { describe, expect, it } from 'vitest'
import { DEFAULT_WORKLOAD_ATTESTATION } from '../../../src/config/sections/workload-attestation.ts'
import { changed, compile, found } from '../document.ts'

const valid = `section: WorkloadAttestation
schema: v1
spec:
  kubernetes:
    enabled: true
    includeAnnotationPrefixes:
      - "example.com/"
  docker:
    enabled: true
    dockerSocketPath: unix:///var/run/docker.sock
    podmanSocketPath: unix:///run/podman/podman.sock
    podmanSocketPathTemplate: unix:///run/user/%d/podman/podman.sock
    includeEnvVars: [APP_]
  linux:
    enabled: false
    discoverWorkloadPath: true
  systemd:
    enabled: true
  jwt:
    enabled: true
    allowedIssuers:
      - issuer: https://token.actions.githubusercontent.com
      - issuer: https://ci.example.org
        jwksURI: https://ci.example.org/keys
`
const head = 'section: WorkloadAttestation\nschema: v1\nspec:'

describe('section WorkloadAttestation', () => {
  it('compiles every documented field', () => {
    const result = compile('WorkloadAttestation', valid)
    expect(found(result)).toEqual([])
    expect(result.ok && result.value).toEqual({
      kubernetes: { enabled: true, includeAnnotationPrefixes: ['example.com/'] },
      docker: { enabled: true, includeEnvVars: ['APP_'] },
      linux: { enabled: false, discoverWorkloadPath: true },
      systemd: { enabled: true },
      jwt: {
        enabled: true,
        allowedIssuers: [
          { issuer: 'https://token.actions.githubusercontent.com' },
          { issuer: 'https://ci.example.org', jwksURI: 'https://ci.example.org/keys' },
        ],
      },
    })
  })

  it.each([
    ["the seed's document", ' {kubernetes: {includeAnnotationPrefixes: ["example.com/"]}}'],
    ['nothing at all', ' {}'],
    [
      'an empty list of prefixes, as documented',
      ' {kubernetes: {includeAnnotationPrefixes: []}, docker: {includeEnvVars: []}}',
    ],
    [
      'sigstore, which is not ours to read',
      ' {kubernetes: {sigstore: {enabled: true, skip: [1]}}, docker: {sigstore: {}}}',
    ],
    ['issuers of an attestor that is off', ' {jwt: {enabled: false, allowedIssuers: [{issuer: "https://a.example"}]}}'],
    [
      'an issuer inside the network of the agents',
      ' {jwt: {enabled: true, allowedIssuers: [{issuer: "https://ci.internal"}]}}',
    ],
  ])('compiles %s', (_what, spec) => {
    expect(found(compile('WorkloadAttestation', `${head}${spec}\n`))).toEqual([])
  })

  it('has the documented defaults', () => {
    const result = compile('WorkloadAttestation', `${head} {}\n`)
    expect(result.ok && result.value).toEqual(DEFAULT_WORKLOAD_ATTESTATION)
    expect(DEFAULT_WORKLOAD_ATTESTATION).toMatchObject({
      kubernetes: { enabled: true, includeAnnotationPrefixes: [] },
      docker: { enabled: false },
      linux: { enabled: true, discoverWorkloadPath: false },
      systemd: { enabled: false },
      jwt: { enabled: false },
    })
  })

  it.each<[string, string, string, readonly string[]]>([
    ['an unknown attestor', '  systemd:', '  launchd:', ['17:3 field_unknown spec.launchd']],
    ['a misspelt field', 'includeEnvVars', 'includeEnvVar', ['13:5 field_unknown spec.docker.includeEnvVar']],
    [
      'container attributes, which are not set here',
      'enabled: true',
      'includeContainerAttributes: true',
      ['5:5 field_unknown spec.kubernetes.includeContainerAttributes'],
    ],
    ['an empty prefix', '"example.com/"', '""', ['7:9 value_empty spec.kubernetes.includeAnnotationPrefixes.0']],
    ['a prefix left blank', '- "example.com/"', '-', ['7:7 value_empty spec.kubernetes.includeAnnotationPrefixes.0']],
    [
      'prefixes left blank',
      '\n      - "example.com/"',
      '',
      ['6:5 value_empty spec.kubernetes.includeAnnotationPrefixes'],
    ],
    ['a text for prefixes', '[APP_]', 'APP_', ['13:21 type_mismatch spec.docker.includeEnvVars']],
    ['a number for a prefix', '[APP_]', '[1]', ['13:22 text_unquoted spec.docker.includeEnvVars.0']],
    ['a boolean for an attestor', 'systemd:\n    enabled: true', 'systemd: true', ['17:12 type_mismatch spec.systemd']],
    ['an attestor left blank', 'systemd:\n    enabled: true', 'systemd:', ['17:3 value_empty spec.systemd']],
    [
      'on for true',
      'systemd:\n    enabled: true',
      'systemd:\n    enabled: on',
      ['18:14 type_mismatch spec.systemd.enabled'],
    ],
    [
      'a socket that is none',
      'unix:///var/run/docker.sock',
      '/var/run/docker.sock',
      ['10:23 value_invalid spec.docker.dockerSocketPath'],
    ],
    [
      'a socket over TCP',
      'unix:///run/podman/podman.sock',
      'tcp://10.0.0.1:2375',
      ['11:23 value_invalid spec.docker.podmanSocketPath'],
    ],
    ['a socket template without a user', '%d', '1000', ['12:31 value_invalid spec.docker.podmanSocketPathTemplate']],
    ['a socket template with two users', '%d', '%d/%d', ['12:31 value_invalid spec.docker.podmanSocketPathTemplate']],
    [
      'no issuers',
      valid.slice(valid.indexOf('    allowedIssuers')),
      '',
      ['19:3 field_missing spec.jwt.allowedIssuers'],
    ],
    [
      'an empty list of issuers',
      valid.slice(valid.indexOf('    allowedIssuers')),
      '    allowedIssuers: []\n',
      ['21:21 value_empty spec.jwt.allowedIssuers'],
    ],
    [
      'an issuer over http',
      'https://token.',
      'http://token.',
      ['22:17 url_forbidden spec.jwt.allowedIssuers.0.issuer'],
    ],
    [
      'an issuer that is no URL',
      'https://token.actions.githubusercontent.com',
      'github',
      ['22:17 url_forbidden spec.jwt.allowedIssuers.0.issuer'],
    ],
    [
      'a key set over http',
      'https://ci.example.org/keys',
      'http://ci.example.org/keys',
      ['24:18 url_forbidden spec.jwt.allowedIssuers.1.jwksURI'],
    ],
    [
      'an issuer twice',
      'https://token.actions.githubusercontent.com',
      'https://ci.example.org',
      ['23:17 key_source_conflict spec.jwt.allowedIssuers.1.issuer'],
    ],
    [
      'no issuer',
      'issuer: https://ci.example.org\n        ',
      '',
      ['23:9 field_missing spec.jwt.allowedIssuers.1.issuer'],
    ],
    [
      'an audience, which there is none of',
      'jwksURI: https://ci.example.org/keys',
      'audience: x',
      ['24:9 field_unknown spec.jwt.allowedIssuers.1.audience'],
    ],
  ])('refuses %s', (_what, from, to, expected) => {
    const result = compile('WorkloadAttestation', changed(valid, from, to))
    expect(result.ok).toBe(false)
    expect(found(result)).toEqual(expected)
  })
})
