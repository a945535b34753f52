import { describe, expect, it } from 'vitest'
import { PEM_MAX_LENGTH } from '../../../src/core/limits.ts'
import { changed, compile, found } from '../document.ts'

/** One DER sequence with this many bytes in it, in PEM: the form of a certificate, which is all that is checked here. */
function pem(contentBytes: number, fill = 0): string {
  const long = contentBytes < 0x80 ? [contentBytes] : [0x82, contentBytes >> 8, contentBytes & 255]
  const der = Uint8Array.from([0x30, ...long, ...new Array<number>(contentBytes).fill(fill)])
  const base64 = Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${base64.trim()}\n-----END CERTIFICATE-----\n`
}

function block(text: string): string {
  return `|\n${text.trimEnd().replace(/^/gm, '        ')}\n`
}

const valid = `section: AWSCertificates
schema: v1
spec:
  certificates:
    - region: us-east-1
      pem: ${block(pem(20))}    - region: us-gov-west-1
      pem: ${block(pem(30))}`

function only(text: string): string {
  return `section: AWSCertificates\nschema: v1\nspec:\n  certificates:\n    - region: us-east-1\n      pem: ${JSON.stringify(text)}\n`
}

describe('section AWSCertificates', () => {
  it('compiles the certificates of each region, in document order', () => {
    const text = `${valid}    - region: us-east-1\n      pem: ${block(pem(200, 7))}`
    const result = compile('AWSCertificates', text)
    expect(found(result)).toEqual([])
    if (!result.ok) throw new Error('does not compile')
    expect([...result.value].map(([region, list]) => [region, list.map((der) => der.length)])).toEqual([
      ['us-east-1', [22, 204]],
      ['us-gov-west-1', [32]],
    ])
    expect(result.value.get('us-east-1')?.[1]?.subarray(0, 5)).toEqual(Uint8Array.of(0x30, 0x82, 0, 200, 7))
  })

  it.each([
    ['a region of three parts', valid.replace('us-gov-west-1', 'eusc-de-east-1')],
    ['one certificate for two regions', changed(valid, block(pem(30)), block(pem(20)))],
    ['Windows line ends', only(pem(20).replaceAll('\n', '\r\n'))],
    ['no line break at the end', only(pem(20).trimEnd())],
    ['a certificate of usual length', only(pem(900))],
  ])('compiles %s', (_what, text) => {
    expect(found(compile('AWSCertificates', text))).toEqual([])
  })

  const at = 'spec.certificates.0.pem'
  it.each<[string, string, readonly string[]]>([
    [
      'no certificate',
      'section: AWSCertificates\nschema: v1\nspec:\n  certificates: []\n',
      ['4:17 value_empty spec.certificates'],
    ],
    [
      'certificates left blank',
      'section: AWSCertificates\nschema: v1\nspec:\n  certificates:\n',
      ['4:3 value_empty spec.certificates'],
    ],
    ['no field at all', 'section: AWSCertificates\nschema: v1\nspec: {}\n', ['3:1 field_missing spec.certificates']],
    [
      'a region in capitals',
      valid.replace('us-east-1', 'US-EAST-1'),
      ['5:15 value_invalid spec.certificates.0.region'],
    ],
    [
      'a zone for a region',
      valid.replace('us-east-1', 'us-east-1a'),
      ['5:15 value_invalid spec.certificates.0.region'],
    ],
    ['a number for a region', valid.replace('us-east-1', '1'), ['5:15 text_unquoted spec.certificates.0.region']],
    [
      'no region',
      valid.replace('- region: us-east-1\n      pem', '- pem'),
      ['5:7 field_missing spec.certificates.0.region'],
    ],
    [
      'a misspelt field',
      valid.replace('- region: us-east-1', '- regio: us-east-1'),
      ['5:7 field_unknown spec.certificates.0.regio', '5:7 field_missing spec.certificates.0.region'],
    ],
    ['a path for a certificate', only('/etc/aws.pem'), [`6:12 value_invalid ${at}`]],
    ['base64 without its armour', only('MBQ='), [`6:12 value_invalid ${at}`]],
    ['a key', only(pem(20).replaceAll('CERTIFICATE', 'PUBLIC KEY')), [`6:12 value_invalid ${at}`]],
    ['no end', only(pem(20).replace(/-----END.*/s, '')), [`6:12 value_invalid ${at}`]],
    [
      'nothing between the armour',
      only('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'),
      [`6:12 value_invalid ${at}`],
    ],
    ['two certificates in one', only(pem(20) + pem(30)), [`6:12 value_invalid ${at}`]],
    ['text that is not base64', only(pem(20).replace('M', '!')), [`6:12 value_invalid ${at}`]],
    ['base64 cut short', only(pem(20).replace('==', '=')), [`6:12 value_invalid ${at}`]],
    ['bytes behind the certificate', only(pem(20).replace('MBQ', 'MBM')), [`6:12 value_invalid ${at}`]],
    ['bytes missing from the certificate', only(pem(20).replace('MBQ', 'MBU')), [`6:12 value_invalid ${at}`]],
    ['something other than a sequence', only(pem(20).replace('MBQ', 'BBQ')), [`6:12 value_invalid ${at}`]],
    [
      'a certificate twice',
      changed(valid, 'us-gov-west-1', 'us-east-1').replace(block(pem(30)), block(pem(20))),
      ['10:7 value_invalid spec.certificates.1'],
    ],
  ])('refuses %s', (_what, text, expected) => {
    const result = compile('AWSCertificates', text)
    expect(result.ok).toBe(false)
    expect(found(result)).toEqual(expected)
  })

  it('takes a certificate up to its limit and no longer', () => {
    const padded = (length: number): string => pem(20).padEnd(length, '\n')
    expect(compile('AWSCertificates', only(padded(PEM_MAX_LENGTH))).ok).toBe(true)
    expect(found(compile('AWSCertificates', only(padded(PEM_MAX_LENGTH + 1))))).toEqual([
      `6:12 value_out_of_range ${at}`,
    ])
  })
})
