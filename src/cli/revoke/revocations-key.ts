// The key of the Revocations document of a scope.
import { type DocumentKey, trustDomainKey } from '../../config/document-key.ts'
import type { Target } from '../arguments.ts'

export function revocationsKey({ keyOf }: Pick<Target, 'keyOf'>): DocumentKey<'Revocations'> {
  const key = keyOf('Revocations')
  return key.clusterId === undefined ? trustDomainKey('Revocations') : { ...key, section: 'Revocations' }
}
