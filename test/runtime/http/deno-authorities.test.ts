import { describe, expect, it } from 'vitest'
import { adoptExtraAuthorities } from '../../../src/runtime/http/deno-authorities.ts'

const PEM = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n'
const FILES: Readonly<Record<string, string>> = { '/ca.pem': PEM, '/other.pem': PEM, '/notes.txt': 'no certificate' }

function adopt(given: Readonly<Record<string, string>>) {
  const variables = new Map(Object.entries(given))
  const environment = {
    get: (name: string) => variables.get(name),
    set: (name: string, value: string) => void variables.set(name, value),
    delete: (name: string) => void variables.delete(name),
  }
  const problem = adoptExtraAuthorities(environment, (path) => {
    const text = FILES[path]
    if (text === undefined) throw new Error('ENOENT')
    return text
  })
  return { stops: problem !== undefined, left: Object.fromEntries(variables) }
}

describe('adoptExtraAuthorities()', () => {
  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['nothing set', {}, {}],
    ['an empty variable', { NODE_EXTRA_CA_CERTS: '' }, {}],
    ['the variable of Node', { NODE_EXTRA_CA_CERTS: '/ca.pem' }, { DENO_CERT: '/ca.pem' }],
    ['that of Deno', { DENO_CERT: '/ca.pem' }, { DENO_CERT: '/ca.pem' }],
    ['both for one file', { NODE_EXTRA_CA_CERTS: '/ca.pem', DENO_CERT: '/ca.pem' }, { DENO_CERT: '/ca.pem' }],
  ])('with %s', (_what, given, left) => {
    expect(adopt(given)).toEqual({ stops: false, left })
  })

  it.each<[string, Record<string, string>]>([
    ['two files', { NODE_EXTRA_CA_CERTS: '/ca.pem', DENO_CERT: '/other.pem' }],
    ['a file that is not there', { NODE_EXTRA_CA_CERTS: '/gone.pem' }],
    ['a file without a certificate', { NODE_EXTRA_CA_CERTS: '/notes.txt' }],
  ])('stops the start for %s', (_what, given) => {
    expect(adopt(given).stops).toBe(true)
  })
})
