// The claims of a token of AWS IAM outbound identity federation (`sts:GetWebIdentityToken`).
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import { makeAttributeName } from '../../attribute/catalogue.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { CLAIM_VALUE_MAX_LENGTH, CLAIM_VALUES_MAX } from '../../core/limits.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { ParsedToken } from '../../token/parse.ts'
import { listClaimAttributes, restoreClaims, textOf } from '../oidc/claim-attributes.ts'
import { type ClaimShape, readTypedClaims } from '../oidc/typed-claims.ts'

const NAMESPACE = 'https://sts.amazonaws.com/'
/** Claims of the namespace, and the attribute that each becomes. */
const NAMES = {
  aws_account: 'account.id',
  org_id: 'org.id',
  source_region: 'source_region',
  principal_id: 'principal.id',
  identity_store_user_id: 'identity_store_user_id',
  source_identity: 'source_identity',
  ec2_source_instance_arn: 'ec2.instance.arn',
  ec2_instance_source_vpc: 'ec2.instance.vpc',
  lambda_source_function_arn: 'lambda.function.arn',
} as const
const SHAPE = {
  aws_account: 'text',
  org_id: '?text',
  source_region: '?text',
  principal_id: '?text',
  identity_store_user_id: '?text',
  source_identity: '?text',
  ec2_source_instance_arn: '?text',
  ec2_instance_source_vpc: '?text',
  lambda_source_function_arn: '?text',
  // A list in reality, a string in the documentation.
  ou_path: '?text or texts',
  principal_tags: '?object',
  request_tags: '?object',
} as const satisfies ClaimShape

export interface AwsClaims {
  /** The ARN of the role, or of another principal. */
  readonly principal: string
  readonly account: string
  readonly organization: string | undefined
  /** All that is proved, by the names of attributes behind `aws_token.`. */
  readonly values: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly tags: readonly Attribute[]
}

const ARN = /^arn:aws(?:-[a-z]+)*:(?:iam|sts)::([0-9]{12}):\S+$/

export function readAws({ claims }: ParsedToken): Checked<AwsClaims> {
  const outer = readTypedClaims(claims, { sub: 'text', [NAMESPACE]: 'object' })
  if (!outer.ok) return outer
  const { sub: principal, [NAMESPACE]: block } = outer.value
  const inner = readTypedClaims(block, SHAPE, `${NAMESPACE}.`)
  if (!inner.ok) return inner
  const { aws_account: account, org_id: organization, ou_path: ouPath } = inner.value
  const arn = ARN.exec(principal)
  if (arn === null) return refuseToken('claim_malformed', 'sub', 'the claim sub is not the ARN of a principal')
  // Two statements of the same fact: a token in which they differ is not one that AWS made.
  if (arn[1] !== account)
    return refuseToken('subject_mismatch', 'sub', 'the account in sub is not the one in aws_account')
  const tags = readTags(inner.value.principal_tags, 'principal_tags')
  if (!tags.ok) return tags
  const requested = readTags(inner.value.request_tags, 'request_tags')
  if (!requested.ok) return requested
  const values: Record<string, string | readonly string[] | undefined> = { 'principal.arn': principal, ou_path: ouPath }
  for (const [claim, name] of Object.entries(NAMES)) values[name] = inner.value[claim as keyof typeof NAMES]
  return pass({ principal, account, organization, values, tags: [...tags.value, ...requested.value] })
}

/** Tags are strings; a tag whose key cannot be the key of an attribute is left out, so that it becomes no other one. */
function readTags(
  tags: JsonObject | undefined,
  kind: 'principal_tags' | 'request_tags',
): Checked<readonly Attribute[]> {
  const entries = isJsonObject(tags ?? {}) ? Object.entries(tags ?? {}) : []
  const where = `${NAMESPACE}.${kind}`
  if (entries.length > CLAIM_VALUES_MAX)
    return refuseToken('claim_malformed', where, `the claim ${where} has too many tags`)
  const attributes: Attribute[] = []
  for (const [key, value] of entries) {
    if (typeof value !== 'string' || value.length > CLAIM_VALUE_MAX_LENGTH)
      return refuseToken('claim_malformed', where, `the claim ${where} has a tag that is not a short string`)
    const name = makeAttributeName(`aws_token.${kind}.<tag>`, key)
    if (name !== undefined && value !== '') attributes.push({ origin: 'aws_token', name, value })
  }
  return pass(attributes)
}

function refuseToken(code: 'claim_malformed' | 'subject_mismatch', where: string, what: string): Checked<never> {
  return refuse({ code, where, detail: `JWT verification failed: ${what}` })
}

export function listAwsAttributes(issuer: string, { values, tags }: AwsClaims): readonly Attribute[] {
  return [...listClaimAttributes('aws_token', issuer, values), ...tags]
}

export function restoreAws(attributes: Attributes): { readonly issuer: string; readonly own: AwsClaims } | undefined {
  const restored = restoreClaims('aws_token', attributes)
  if (restored === undefined) return undefined
  const { issuer, values } = restored
  const principal = textOf(values, 'principal.arn')
  const account = textOf(values, 'account.id')
  if (principal === undefined || account === undefined) return undefined
  return { issuer, own: { principal, account, organization: textOf(values, 'org.id'), values: {}, tags: [] } }
}
