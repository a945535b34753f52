// The signature algorithms that are accepted, a row for each. A key type and a curve belong to an algorithm by this
// table alone, so a symmetric key can never meet an asymmetric `alg` (RFC 8725 section 3.1), and `none` has no row.

export type KeyType = 'RSA' | 'EC' | 'OKP'

interface AlgorithmRow {
  readonly keyType: KeyType
  /** The `crv` that the key must have (RFC 7518 section 3.4, RFC 8037 section 3.1); an RSA key has none. */
  readonly curve?: string
}

export const ALGORITHMS = {
  RS256: { keyType: 'RSA' },
  RS384: { keyType: 'RSA' },
  RS512: { keyType: 'RSA' },
  PS256: { keyType: 'RSA' },
  PS384: { keyType: 'RSA' },
  PS512: { keyType: 'RSA' },
  ES256: { keyType: 'EC', curve: 'P-256' },
  ES384: { keyType: 'EC', curve: 'P-384' },
  ES512: { keyType: 'EC', curve: 'P-521' },
  // Ed25519 alone: no host of ours has Ed448 in its WebCrypto.
  EdDSA: { keyType: 'OKP', curve: 'Ed25519' },
} as const satisfies Record<string, AlgorithmRow>

export type Algorithm = keyof typeof ALGORITHMS

/** Bytes of one coordinate (RFC 7518 section 6.2.1.2) or of a public key (RFC 8037 section 2), by curve. */
export const CURVES: ReadonlyMap<string, { readonly keyType: KeyType; readonly coordinateBytes: number }> = new Map([
  ['P-256', { keyType: 'EC', coordinateBytes: 32 }],
  ['P-384', { keyType: 'EC', coordinateBytes: 48 }],
  ['P-521', { keyType: 'EC', coordinateBytes: 66 }],
  ['Ed25519', { keyType: 'OKP', coordinateBytes: 32 }],
] as const)

export function isAlgorithm(name: string): name is Algorithm {
  return Object.hasOwn(ALGORITHMS, name)
}

/** Whether a key of this type and curve can check signatures of `algorithm`. */
export function fitsKey(algorithm: Algorithm, keyType: KeyType, curve: string | undefined): boolean {
  const row: AlgorithmRow = ALGORITHMS[algorithm]
  return row.keyType === keyType && row.curve === curve
}
