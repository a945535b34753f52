// One challenge, and what Node has sealed it as: every host opens it.
import type { ChallengeScope } from '../../src/token/challenge.ts'

export const NOW_SECONDS = 1_800_000_000
export const SEAL_KEY = new Uint8Array(32).fill(1)
export const SCOPE: ChallengeScope = {
  type: 'key_proof',
  role: 'agent',
  clusterId: 'c-1',
  issuerUrl: 'https://login.example.org',
}
export const CHALLENGE = { id: '01a21644-a972-7470-a6d0-f06d16e404a9', request: { key: 'k' }, secret: 's' }
export const SEALED =
  'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwidHlwIjoicG9zdGVybi1jaGFsbGVuZ2UrandlIiwia2lkIjoiakVNSmdGcXZaTHBETk4zbyIsInNhbHQiOiJJLWxYSTZwZzNuMGQyaWhxbjNsQnhBIn0..lQzgyXlu3bNPYuP5.pZFfv1x4k7308NVezMTNXvJBOMXER4mKerZ1Y1U0ddPr4gH-ljBHwONdKOTnw_lEtDlcZlRCs6KkHb95_i58kkLQWhsRWiAikh79dpjIpnUG-mDET8Vf1P_rBP9ZnxMAhxcWDa6oURXH-RDYOS7DLI5oxz8GG14-SYGqp-0V3ep2xrtykZLQBu7OjmqBNjjlyT2OTlD3UIbjovU1zGqgZPjodYg19smqhy30NtbIeahU41AKRSuW.ACFp7WBJ8s2cGvSTbRoW1Q'
