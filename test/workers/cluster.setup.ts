// A real issuer for the tests inside workerd, which cannot listen themselves. They steer it over HTTP.
import type { TestProject } from 'vitest/node'
import { startStandInCluster } from '../../src/cli/stand-in-cluster.ts'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
  project.provide('cluster', cluster.issuer)
  return () => cluster.close()
}
