// What an author may write for `tpm_ek`. `allowedHashes` is documented; no public document names the field for authorities.
import * as v from 'valibot'
import type { Certificate } from '../../certificate/certificate.ts'
import { digestText } from '../../core/digest.ts'
import { PEM_MAX_LENGTH } from '../../core/limits.ts'
import type { StringForm } from '../../core/string-form.ts'
import type { EntryContext, Report } from '../attest-context.ts'
import { checkTexts, defineTexts, OWN_FIELDS } from '../oidc/config-texts.ts'
import type { Anchor } from '../shapes.ts'
import { readAuthorities } from '../x509-pop/config.ts'

export interface TpmEkPins {
  readonly hashes: readonly string[] | undefined
}

/** Authorities of EK certificates. Absent: the policy needs no certificate, since it lists each EK. */
export type EkAuthorities = readonly Certificate[] | undefined

const HASH_FORM: StringForm = {
  accepts: (text) => /^[0-9a-f]{64}$/.test(text),
  words: 'the SHA-256 of the public EK as 64 lower-case hex digits',
}

export const tpmEkConfigSchema = v.pipe(
  v.strictObject({
    allowedHashes: defineTexts('SHA-256 of the public EKs, any one of them, in lower-case hex', HASH_FORM),
    certAuthorities: v.optional(
      v.pipe(
        v.array(v.pipe(v.string(), v.nonEmpty(), v.maxLength(PEM_MAX_LENGTH))),
        v.nonEmpty(),
        v.description('Certificates of authorities of EK certificates, in PEM; with allowedHashes both must hold'),
      ),
    ),
  }),
  v.metadata(OWN_FIELDS),
)

export type TpmEkConfig = v.InferOutput<typeof tpmEkConfigSchema>

interface Entry {
  readonly anchor: Anchor<EkAuthorities>
  readonly pins: TpmEkPins
  readonly scoped: boolean
  readonly unfixed: readonly string[]
  readonly proves?: readonly string[]
}

export function compileTpmEk(
  { allowedHashes: hashes, certAuthorities }: TpmEkConfig,
  { exactPins }: EntryContext,
  report: Report,
): Entry | undefined {
  let isWhole = true
  const fail: Report = (issue) => {
    isWhole = false
    report(issue)
  }
  if (hashes === undefined && certAuthorities === undefined) {
    const message = 'Either allowedHashes or certAuthorities is required: list the hash of the EK of each TPM'
    fail({ code: 'field_missing', path: ['allowedHashes'], message })
  }
  checkTexts('allowedHashes', hashes, HASH_FORM, fail)
  if (exactPins && hashes === undefined && isWhole) {
    const message = 'Every TPM with a certificate of these authorities could log in as an issuer: set allowedHashes'
    fail({ code: 'pin_missing', path: [], message })
  }
  const found =
    certAuthorities === undefined
      ? { id: '', authorities: undefined }
      : readAuthorities('certAuthorities', certAuthorities, report)
  if (!isWhole || found === undefined) return undefined
  return {
    anchor: { id: digestText(`tpm_ek\n${found.id}`), value: found.authorities },
    pins: { hashes },
    scoped: hashes !== undefined,
    unfixed: ['tpm_ek.public_hash'],
    ...(certAuthorities === undefined ? {} : { proves: ['tpm_ek.serial_number'] }),
  }
}
