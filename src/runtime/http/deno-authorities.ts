// Further certification authorities on Deno, by the variable that Node takes. Deno's `node:https` reads
// NODE_EXTRA_CA_CERTS too, but only with `--allow-sys`, and without it throws at every https request; its own
// DENO_CERT needs no permission, and adds to the authorities that it has built in. So the one is handed on as the other,
// before the first connection, at which Deno reads it.

export interface EnvironmentAccess {
  get(name: string): string | undefined
  set(name: string, value: string): void
  delete(name: string): void
}

/** Returns what is wrong with the setting, as a message that stops the start, or `undefined`. */
export function adoptExtraAuthorities(
  environment: EnvironmentAccess,
  readText: (path: string) => string,
): string | undefined {
  const path = environment.get('NODE_EXTRA_CA_CERTS') ?? ''
  environment.delete('NODE_EXTRA_CA_CERTS')
  if (path === '') return undefined
  const own = environment.get('DENO_CERT') ?? ''
  if (own !== '' && own !== path)
    return 'NODE_EXTRA_CA_CERTS and DENO_CERT name two files, and Deno takes one: put the certificates into one file'
  if (!holdsCertificate(path, readText))
    return 'NODE_EXTRA_CA_CERTS names no readable file with PEM certificates: correct the path, or unset it'
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
