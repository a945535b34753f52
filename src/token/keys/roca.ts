// The fingerprint of RSA keys whose primes a faulty chip chose (ROCA, CVE-2017-15361): they can be factored. Their
// moduli are powers of 65537 modulo every small prime, which another modulus is for all of these once in 2 * 10^8.
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
] as const

const GENERATOR = 65537

const RESIDUES: readonly { readonly prime: number; readonly powers: ReadonlySet<number> }[] = PRIMES.map((prime) => ({
  prime,
  powers: computePowersModulo(prime),
}))

/** Whether the modulus (big-endian bytes) bears the fingerprint. */
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
