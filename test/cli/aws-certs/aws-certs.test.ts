// `aws-certs` on the page as AWS writes it: headings in several languages, blocks whose titles mislead, certificates of all kinds.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KNOWN_CERTIFICATES } from '../../../src/cli/aws-certs/known-certificates.ts'
import { type AwsRegion, openAws } from '../../attest/aws-iid/aws-region.ts'
import { compile, found } from '../../config/document.ts'
import { OPENSSL } from '../../installed.ts'
import { openOpenssl } from '../../openssl.ts'
import { bench } from '../call.ts'

const real = (region: string): string =>
  readFileSync(new URL(`../../attest/aws-iid/real/${region}.pem`, import.meta.url), 'utf8')
const block = (title: string, pem: string): string => `#### [ ${title} ]\n\n\`\`\`\n${pem.trimEnd()}\n\`\`\`\n\n`

let aws: AwsRegion
let dsa = ''
beforeAll(() => {
  if (!OPENSSL) return
  aws = openAws()
  const openssl = openOpenssl()
  openssl.run('dsaparam', '-genkey', '-out', 'dsa.key', '1024')
  openssl.run('req', '-x509', '-new', '-key', 'dsa.key', '-subj', '/CN=x', '-days', '3650', '-out', 'dsa.crt')
  dsa = openssl.readText('dsa.crt')
  openssl.remove()
})
afterAll(() => aws?.remove())

const page = (): string =>
  [
    '# AWS public certificates\n\n',
    `## US West (Oregon) — us-west-2\n\n${block('DSA', dsa)}${block('RSA', aws.pem('weak-1'))}${block('RSA-2048', real('us-west-2'))}`,
    // As translations have it: no blank before the dash, and a title in another language.
    `## USA West (Nordkalifornien)— us-west-1\n\n${block('RSA-2048 (de)', real('us-west-1'))}`,
  ].join('')

describe.skipIf(!OPENSSL)('aws-certs', () => {
  it('prints a section that compiles, with the certificates that can verify, and counts those that are known', async () => {
    const { file, call } = bench()
    const { exitCode, out, err } = await call('aws-certs', file('page.md', page()))
    expect(exitCode).toBe(0)
    const result = compile('AWSCertificates', out)
    expect(found(result)).toEqual([])
    expect(result.ok && [...result.value].map(([region, list]) => [region, list.length])).toEqual([
      ['us-west-2', 1],
      ['us-west-1', 1],
    ])
    expect(err).toContain('2 of 39 known regions have the certificate that is known for them')
    expect(err).toContain('not on the page: af-south-1, ')
  })

  it('reads the page from the standard input', async () => {
    const { call } = bench({ input: async () => new TextEncoder().encode(page()) })
    expect((await call('aws-certs', '-')).exitCode).toBe(0)
  })

  it('takes a certificate by its key, whatever its title says', async () => {
    const { file, call } = bench()
    const mistitled = page().replaceAll('RSA-2048', 'DSA')
    expect((await call('aws-certs', file('page.md', mistitled))).err).toContain('2 of 39')
  })

  it('fails where a known region has another certificate, and says so of a new region', async () => {
    const { file, call } = bench()
    const changed = page().replace(real('us-west-1').trimEnd(), aws.pem('us-west-1').trimEnd())
    const { exitCode, err, out } = await call('aws-certs', file('page.md', changed))
    expect([exitCode, out.includes('us-west-1')]).toEqual([1, true])
    expect(err).toMatch(/us-west-1 has a certificate that is not the one known for it.*SHA-256 [0-9a-f]{64}/)
    const added = `${page()}## Nowhere — xx-north-1\n\n${block('RSA-2048', aws.pem('xx-north-1'))}`
    const other = await call('aws-certs', file('other.md', added))
    expect([other.exitCode, /xx-north-1 is new/.test(other.err)]).toEqual([0, true])
  })

  it.each([
    ['HTML', '<h2>US West (Oregon) — us-west-2</h2>'],
    ['nothing', ''],
    ['a page without certificates', '## US West (Oregon) — us-west-2\n'],
  ])('refuses %s', async (_what, text) => {
    const { file, call } = bench()
    const { exitCode, err } = await call('aws-certs', file('page.md', `${text}\n`))
    expect([exitCode, /expected the Markdown/.test(err)]).toEqual([1, true])
  })
})

it('knows one certificate for each of 39 regions', () => {
  expect(Object.keys(KNOWN_CERTIFICATES)).toHaveLength(39)
  for (const fingerprint of Object.values(KNOWN_CERTIFICATES)) expect(fingerprint).toMatch(/^[0-9a-f]{64}$/)
})
