// A real issuer for the tests inside workerd, which cannot listen themselves. They steer it over HTTP.
import type { TestProject } from 'vitest/node'
import { startStandInCluster } from '../../dev/stand-in-cluster.ts'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [cluster, another] = await Promise.all([start(), start()])
  project.provide('cluster', cluster.issuer)
  // One that counts its reads for one file must not be read by another, which may run at the same time.
  project.provide('anotherCluster', another.issuer)
  return async () => {
    await cluster.close()
    await another.close()
  }
}

function start() {
  return startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
}
