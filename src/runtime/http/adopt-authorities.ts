// The extra certificate authorities of this process's environment, on Deno. Node reads NODE_EXTRA_CA_CERTS itself when it
// starts.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { adoptExtraAuthorities } from './deno-authorities.ts'

/** @returns a message if the file that the environment names cannot be used, or `undefined` */
export function adoptAuthorities(): string | undefined {
  if (process.versions['deno'] === undefined) return undefined
  const { env } = process
  return adoptExtraAuthorities(
    {
      get: (name) => env[name],
      set(name, value) {
        env[name] = value
      },
      delete(name) {
        delete env[name]
      },
    },
    (path) => readFileSync(path, 'utf8'),
  )
}
