// What the evidence of a login proves by one explained policy: what its session would say.
import type { Attribute } from '../attribute/attribute.ts'
import type { PolicyJson } from './explain-report.ts'

/** The attributes of all attestors of a policy; `undefined` if those of one are not known. */
export function listPolicyAttributes({ attestors }: PolicyJson): readonly Attribute[] | undefined {
  const attributes: Attribute[] = []
  for (const attestor of attestors) {
    if (attestor.state !== 'checked' || attestor.attributes === undefined) return undefined
    attributes.push(...attestor.attributes)
  }
  return attributes
}
