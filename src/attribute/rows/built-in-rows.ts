// The built-in attributes: they come from the configuration, not from an attestor.
import { makeRows } from '../row.ts'

export const BUILT_IN_ROWS = [
  ...makeRows('cluster', 'built-in', {
    'cluster.name': { alphabet: 'text', description: 'Name of the cluster' },
    'cluster.id': { alphabet: 'identifier', description: 'Id of the cluster' },
  }),
  ...makeRows('node_group', 'built-in', {
    'node_group.name': { optional: true, alphabet: 'text', description: 'Name of the node group of a Linux cluster' },
  }),
  ...makeRows('realm', 'built-in', {
    'realm.name': { optional: true, alphabet: 'text', aliases: ['spirl.realm'], description: 'Name of the realm' },
  }),
  ...makeRows('email', 'built-in', {
    'email.domain': { optional: true, alphabet: 'text', description: "Domain of a developer's e-mail address" },
    'email.username': { optional: true, alphabet: 'text', description: "Local part of a developer's e-mail address" },
  }),
]
