// What an author may write for `x509_pop`. No public document gives the names of the fields: these are ours.
import * as v from 'valibot'
import { readAuthority } from '../../certificate/authority.ts'
import type { Certificate } from '../../certificate/certificate.ts'
import { readPemBlocks } from '../../certificate/pem.ts'
import { digestText } from '../../core/digest.ts'
import { CERTIFICATE_AUTHORITIES_MAX, PEM_MAX_LENGTH } from '../../core/limits.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import { defineTexts, OWN_FIELDS } from '../oidc/config-texts.ts'
import type { Anchor } from '../shapes.ts'

export interface X509PopPins {
  readonly commonNames: readonly string[] | undefined
}

export interface Authorities {
  readonly authorities: readonly Certificate[]
  readonly trustDomain: string
}

export const x509PopConfigSchema = v.pipe(
  v.strictObject({
    certAuthorities: v.pipe(
      v.array(v.pipe(v.string(), v.nonEmpty(), v.maxLength(PEM_MAX_LENGTH))),
      v.nonEmpty(),
      v.description('Certificates of authorities, in PEM, any one of which a chain may end at'),
    ),
    allowedCommonNames: defineTexts('Common names, any one of them; `*` is a wildcard'),
  }),
  v.metadata(OWN_FIELDS),
)

export type X509PopConfig = v.InferOutput<typeof x509PopConfigSchema>

interface Entry {
  readonly anchor: Anchor<Authorities>
  readonly pins: X509PopPins
  readonly scoped: boolean
  readonly proves?: readonly string[]
}

export function compileX509Pop(
  { certAuthorities, allowedCommonNames: commonNames }: X509PopConfig,
  { trustDomain, exactPins }: EntryContext,
  report: Report,
): Entry | undefined {
  const found = readAuthorities('certAuthorities', certAuthorities, report)
  if (exactPins && (commonNames === undefined || commonNames.some((name) => name.includes('*')))) {
    const message =
      'Every holder of a certificate of these authorities could log in as an issuer: set allowedCommonNames, without *'
    report({ code: 'pin_missing', path: [], message })
    return undefined
  }
  if (found === undefined) return undefined
  const { authorities, id } = found
  return {
    anchor: { id: digestText(`x509_pop\n${trustDomain}\n${id}`), value: { authorities, trustDomain } },
    pins: { commonNames },
    // An authority names exactly those that it has issued a certificate to.
    scoped: true,
    ...(commonNames === undefined ? {} : { proves: ['x509_pop.subject.common_name'] }),
  }
}

/** Reads certificates of authorities. `id` is the same for the same set, in whatever order. */
export function readAuthorities(
  field: string,
  texts: readonly string[],
  report: Report,
): { readonly authorities: readonly Certificate[]; readonly id: string } | undefined {
  const authorities = new Map<string, Certificate>()
  let isWhole = true
  function fail(index: number, message: string): void {
    isWhole = false
    report({ code: 'value_invalid', path: [field, index], message })
  }
  for (const [index, text] of texts.entries()) {
    for (const block of readPemBlocks(text, 'CERTIFICATE')) {
      const read = readAuthority(block)
      if ('fault' in read) fail(index, read.fault)
      else authorities.set(read.base64, read.certificate)
    }
  }
  if (authorities.size > CERTIFICATE_AUTHORITIES_MAX) {
    const message = `Cannot use more than ${CERTIFICATE_AUTHORITIES_MAX} authorities: a chain would be tried with each`
    report({ code: 'value_out_of_range', path: [field], message })
    return undefined
  }
  return isWhole ? { authorities: [...authorities.values()], id: [...authorities.keys()].sort().join('\n') } : undefined
}
