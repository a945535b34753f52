import { describe, expect, it } from 'vitest'
import { ALGORITHMS, CURVES, fitsKey, isAlgorithm } from '../../src/token/algorithms.ts'

describe('the table of algorithms', () => {
  it('holds exactly those that the gateway promises', () => {
    expect(Object.keys(ALGORITHMS)).toEqual([
      ...['RS256', 'RS384', 'RS512'],
      ...['PS256', 'PS384', 'PS512'],
      ...['ES256', 'ES384', 'ES512'],
      'EdDSA',
    ])
  })

  it.each(['none', 'HS256', 'HS512', 'ES256K', 'RSA1_5', 'toString', '__proto__', ''])('does not hold %j', (name) => {
    expect(isAlgorithm(name)).toBe(false)
  })

  it('knows every curve that it names, and names every curve that it knows', () => {
    const rows: readonly { readonly keyType: string; readonly curve?: string }[] = Object.values(ALGORITHMS)
    const named = rows.flatMap(({ curve }) => curve ?? [])
    expect(new Set(named)).toEqual(new Set(CURVES.keys()))
    for (const { keyType, curve } of rows) if (curve !== undefined) expect(CURVES.get(curve)?.keyType).toBe(keyType)
  })

  it('fits a key by type and curve together', () => {
    expect(fitsKey('ES256', 'EC', 'P-256')).toBe(true)
    expect(fitsKey('ES256', 'EC', 'P-384')).toBe(false)
    expect(fitsKey('ES256', 'OKP', 'P-256')).toBe(false)
    expect(fitsKey('RS256', 'RSA', undefined)).toBe(true)
    expect(fitsKey('RS256', 'RSA', 'P-256')).toBe(false)
    expect(fitsKey('EdDSA', 'OKP', 'Ed25519')).toBe(true)
  })
})
