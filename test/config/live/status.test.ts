import { describe, expect, it } from 'vitest'
import type { InForceRead } from '../../../src/config/live/config-read.ts'
import { createSectionStatus } from '../../../src/config/live/status.ts'

const AT = Date.UTC(2026, 0, 1)
const BAD = {
  code: 'name_duplicate',
  path: ['spec', 'policies', 1, 'name'],
  message: 'twice',
  line: 9,
  column: 5,
} as const
const LINT = { code: 'deny_all', path: ['spec', 'policies'], message: 'nobody', line: 3, column: 1 } as const
const inForce: InForceRead<string> = {
  kind: 'in_force',
  value: 'good',
  digest: 'sha256:1',
  desiredDigest: 'sha256:1',
  stale: false,
  issues: [],
  warnings: [],
  attemptedAtMillis: AT,
  appliedAtMillis: AT,
}
const healthy = {
  section: 'AgentAttestation',
  health: 'HEALTHY',
  stored: 'present',
  desiredDigest: 'sha256:1',
  attemptedAt: '2026-01-01T00:00:00.000Z',
  appliedDigest: 'sha256:1',
  appliedAt: '2026-01-01T00:00:00.000Z',
  stale: false,
  issues: [],
  warnings: [],
}

describe('createSectionStatus()', () => {
  it('is healthy when the stored version is in force', () => {
    expect(createSectionStatus('AgentAttestation', inForce)).toEqual(healthy)
  })

  it('stays healthy with warnings, and lists them', () => {
    expect(createSectionStatus('AgentAttestation', { ...inForce, warnings: [LINT] })).toEqual({
      ...healthy,
      warnings: [{ code: 'deny_all', path: 'spec.policies', line: 3, column: 1, message: 'nobody' }],
    })
  })

  it('is unhealthy while another version than the stored one is in force, and says which and why', () => {
    const read = {
      ...inForce,
      desiredDigest: 'sha256:2',
      attemptedAtMillis: AT + 1000,
      issues: [LINT, BAD],
      warnings: [LINT, LINT],
    }
    expect(createSectionStatus('AgentAttestation', read)).toEqual({
      ...healthy,
      health: 'UNHEALTHY',
      desiredDigest: 'sha256:2',
      attemptedAt: '2026-01-01T00:00:01.000Z',
      issues: [{ code: 'name_duplicate', path: 'spec.policies[1].name', line: 9, column: 5, message: 'twice' }],
      warnings: [{ code: 'deny_all', path: 'spec.policies', line: 3, column: 1, message: 'nobody' }],
    })
  })

  it('is unhealthy when nothing has ever compiled', () => {
    const read = {
      kind: 'invalid',
      digest: 'sha256:2',
      issues: [BAD],
      stale: false,
      attemptedAtMillis: AT,
      contested: false,
    } as const
    const status = createSectionStatus('AgentAttestation', read)
    expect(status).toMatchObject({ health: 'UNHEALTHY', stored: 'present', desiredDigest: 'sha256:2' })
    expect(status).not.toHaveProperty('appliedDigest')
    expect(status).not.toHaveProperty('appliedAt')
    expect(status.issues).toHaveLength(1)
  })

  it('is healthy when there is no document: every section may be absent', () => {
    expect(createSectionStatus('Cluster', { kind: 'absent', stale: true })).toEqual({
      section: 'Cluster',
      health: 'HEALTHY',
      stored: 'absent',
      stale: true,
      issues: [],
      warnings: [],
    })
  })

  it('is unhealthy, and not absent, when the store cannot be read', () => {
    expect(createSectionStatus('Cluster', { kind: 'unavailable', retryAfterSeconds: 1, reason: 'down' })).toEqual({
      section: 'Cluster',
      health: 'UNHEALTHY',
      stored: 'unknown',
      stale: true,
      issues: [],
      warnings: [],
    })
  })

  it('marks what is served although it is due', () => {
    expect(createSectionStatus('AgentAttestation', { ...inForce, stale: true })).toEqual({ ...healthy, stale: true })
  })

  it('is unhealthy by an error across sections, which displaces nothing', () => {
    const across = { code: 'version_required', path: ['spec', 'jwt'], message: 'newer' } as const
    expect(createSectionStatus('AgentAttestation', inForce, [across])).toEqual({
      ...healthy,
      health: 'UNHEALTHY',
      issues: [{ code: 'version_required', path: 'spec.jwt', message: 'newer' }],
    })
  })

  it('stays healthy by a warning across sections', () => {
    const across = { code: 'cluster_unlisted', path: [], message: 'unlisted' } as const
    expect(createSectionStatus('AgentAttestation', inForce, [across])).toEqual({
      ...healthy,
      warnings: [{ code: 'cluster_unlisted', path: '', message: 'unlisted' }],
    })
  })

  it('spells names that are no words so that they cannot be mistaken', () => {
    const path = ['spec', 'claims', 'a.b', '__proto__', 'x"]', 0]
    const across = { code: 'value_invalid', path, message: '' } as const
    expect(createSectionStatus('AgentAttestation', inForce, [across]).issues[0]?.path).toBe(
      'spec.claims["a.b"].__proto__["x\\"]"][0]',
    )
  })
})
