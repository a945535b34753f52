// Additional certificate authorities on Deno, configured by Node's variable. Deno's `node:https` reads NODE_EXTRA_CA_CERTS
// as well, but only with `--allow-sys`; without it, every https request throws. Deno's own DENO_CERT needs no permission
// and adds to the built-in authorities. So this file copies the one to the other before the first connection, when Deno
// reads it.

export interface EnvironmentAccess {
  get(name: string): string | undefined
  set(name: string, value: string): void
  delete(name: string): void
}

/**
 * Moves NODE_EXTRA_CA_CERTS to DENO_CERT.
 * @param readText - reads a file; throws if it cannot be read
 * @returns a message if the setting is invalid, which must stop the start, else `undefined`
 */
export function adoptExtraAuthorities(
  environment: EnvironmentAccess,
  readText: (path: string) => string,
): string | undefined {
  const path = environment.get('NODE_EXTRA_CA_CERTS') ?? ''
  environment.delete('NODE_EXTRA_CA_CERTS')
  if (path === '') return undefined
  const own = environment.get('DENO_CERT') ?? ''
  if (own !== '' && own !== path)
    return 'NODE_EXTRA_CA_CERTS and DENO_CERT name different files, but Deno reads only one: merge the certificates into one file'
  if (!holdsCertificate(path, readText))
    return 'NODE_EXTRA_CA_CERTS is not a readable file with PEM certificates: correct the path, or unset the variable'
  environment.set('DENO_CERT', path)
  return undefined
}

function holdsCertificate(path: string, readText: (path: string) => string): boolean {
  try {
    return readText(path).includes('-----BEGIN CERTIFICATE-----')
  } catch {
    return false
  }
}
