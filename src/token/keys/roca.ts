// The fingerprint of RSA keys that a faulty chip made (ROCA, CVE-2017-15361): they can be factored. Such a modulus is a
// power of 65537 modulo every small prime; for these primes another modulus is so once in 2 * 10^8.
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
] as const

const GENERATOR = 65537

const RESIDUES: readonly { readonly prime: number; readonly powers: ReadonlySet<number> }[] = PRIMES.map((prime) => ({
  prime,
  powers: computePowersModulo(prime),
}))

/** Whether the modulus (big-endian bytes) has the fingerprint. */
export function isRocaModulus(modulus: Uint8Array): boolean {
  return RESIDUES.every(({ prime, powers }) =>
    powers.has(modulus.reduce((residue, byte) => (residue * 256 + byte) % prime, 0)),
  )
}

function computePowersModulo(prime: number): ReadonlySet<number> {
  const powers = new Set<number>()
  for (let power = 1; !powers.has(power); power = (power * GENERATOR) % prime) powers.add(power)
  return powers
}
