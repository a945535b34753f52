// Attributes that are claims under another name, in both directions: a login lists them, a session is read back from them.
import type { Attribute, Attributes, AttributeValue } from '../../attribute/attribute.ts'

/** The values of a row's claims, by the names that the row gives them. */
export type ClaimValues = Readonly<Record<string, AttributeValue | undefined>>

/** Lists the attribute `<type>.<name>` for every claim that is there. */
export function listClaimAttributes(type: string, issuer: string, values: ClaimValues): readonly Attribute[] {
  const facts = Object.entries({ issuer, ...values })
  return facts.flatMap(([name, value]) =>
    value === undefined ? [] : [{ origin: type, name: `${type}.${name}`, value }],
  )
}

/** Reads the attributes of a type back; `undefined` if there is no issuer among them, so that they are of another row. */
export function restoreClaims(
  type: string,
  attributes: Attributes,
): { readonly issuer: string; readonly values: ClaimValues } | undefined {
  const values: Record<string, AttributeValue> = Object.create(null)
  for (const [name, value] of attributes) {
    if (name.startsWith(`${type}.`)) values[name.slice(type.length + 1)] = value
  }
  const issuer = values['issuer']
  return typeof issuer === 'string' ? { issuer, values } : undefined
}

export function textOf(values: ClaimValues, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}
