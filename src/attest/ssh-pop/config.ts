// What an author may write for `ssh_pop`. `certAuthorities` and `canonicalDomain` are documented; the other fields are ours.
import * as v from 'valibot'
import { decodeBase64 } from '../../core/base64.ts'
import { digestText } from '../../core/digest.ts'
import { SSH_KEYS_MAX } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import { defineTexts, OWN_FIELDS } from '../oidc/config-texts.ts'
import type { Anchor } from '../shapes.ts'
import { readSshKey, type SshKey } from './ssh-key.ts'

export interface SshPopPins {
  readonly principals: readonly string[] | undefined
  readonly canonicalDomain: string | undefined
}

export interface SshTrust {
  /** By {@link SshKey.identity}. */
  readonly authorities: ReadonlyMap<string, SshKey>
  readonly hostKeys: ReadonlyMap<string, SshKey>
  /** `login@<trust domain>` */
  readonly namespace: string
}

const LINES = (description: string) =>
  v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.nonEmpty())),
      v.nonEmpty(),
      v.maxLength(SSH_KEYS_MAX),
      v.description(description),
    ),
  )

export const sshPopConfigSchema = v.pipe(
  v.strictObject({
    certAuthorities: LINES('Public keys of authorities of host certificates, as lines of authorized_keys'),
    hostKeys: LINES('Public keys of hosts, as lines of authorized_keys, for hosts without a certificate'),
    canonicalDomain: v.optional(
      v.pipe(
        v.string(),
        v.nonEmpty(),
        v.description('Domain of the principals: it is taken off, and principals of others do not count'),
      ),
    ),
    allowedPrincipals: defineTexts('Principals, any one of them; `*` is a wildcard'),
  }),
  v.metadata(OWN_FIELDS),
)

export type SshPopConfig = v.InferOutput<typeof sshPopConfigSchema>

interface Entry {
  readonly anchor: Anchor<SshTrust>
  readonly pins: SshPopPins
  readonly scoped: boolean
}

const DOMAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/

export function compileSshPop(
  { certAuthorities, hostKeys, canonicalDomain, allowedPrincipals: principals }: SshPopConfig,
  { trustDomain, exactPins }: EntryContext,
  report: Report,
): Entry | undefined {
  let isWhole = true
  const fail: Report = (issue) => {
    isWhole = false
    report(issue)
  }
  if (certAuthorities === undefined && hostKeys === undefined) {
    const message =
      'Either certAuthorities or hostKeys is required: add the public key of the authority that signs host certificates'
    fail({ code: 'field_missing', path: ['certAuthorities'], message })
  }
  if (canonicalDomain !== undefined && !DOMAIN.test(canonicalDomain)) {
    const message = `Cannot use ${quoteText(canonicalDomain)} as a domain: write it in lower case, without a dot at its ends`
    fail({ code: 'value_invalid', path: ['canonicalDomain'], message })
  }
  const isOpen = principals === undefined || principals.some((one) => one.includes('*'))
  if (exactPins && certAuthorities !== undefined && isOpen) {
    const message = 'Every host of these authorities could log in as an issuer: set allowedPrincipals, without *'
    fail({ code: 'pin_missing', path: [], message })
  }
  const authorities = readLines('certAuthorities', certAuthorities, fail)
  const hosts = readLines('hostKeys', hostKeys, fail)
  if (!isWhole) return undefined
  const id = [...['authority', 'host'].entries()].flatMap(([index, what]) =>
    [...(index === 0 ? authorities : hosts).keys()].sort().map((identity) => `${what} ${identity}`),
  )
  return {
    anchor: {
      id: digestText(['ssh_pop', trustDomain, ...id].join('\n')),
      value: { authorities, hostKeys: hosts, namespace: `login@${trustDomain}` },
    },
    pins: { principals, canonicalDomain },
    // An authority names exactly the hosts that it has issued a certificate to.
    scoped: true,
  }
}

/** Lines of `authorized_keys`: an option of `cert-authority`, a type, a key in base64, a comment. */
function readLines(field: string, lines: readonly string[] | undefined, report: Report): ReadonlyMap<string, SshKey> {
  const keys = new Map<string, SshKey>()
  for (const [index, line] of (lines ?? []).entries()) {
    const [first = '', second = '', third] = line.trim().split(/\s+/)
    const isMarked = first === 'cert-authority'
    const [type, base64] = isMarked ? [second, third] : [first, second]
    const blob = decodeBase64(base64 ?? '')
    const key = blob === undefined ? undefined : readSshKey(blob)
    if (key !== undefined && key.type === type) {
      keys.set(key.identity, key)
      continue
    }
    const message =
      'Cannot read the key: write a line such as "ssh-ed25519 AAAA... comment", of the type ssh-ed25519, ecdsa-sha2-nistp256, -384 or -521, or ssh-rsa of 2048 to 8192 bits; options other than cert-authority are not supported'
    report({ code: 'value_invalid', path: [field, index], message })
  }
  return keys
}
