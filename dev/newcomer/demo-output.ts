// What `npm start` prints, read as a newcomer reads it: the addresses, the SPIFFE ID and the link to the page.
import { stripVTControlCharacters } from 'node:util'

export interface DemoOutput {
  /** URL of the gateway. */
  readonly gateway?: string
  /** URL of the simulated cluster. */
  readonly issuer?: string
  /** Id of that cluster. */
  readonly cluster?: string
  /** What the pod of the demo was given. */
  readonly spiffeId?: string
  /** The policy that admitted the agent. */
  readonly policy?: string
  /** The playground with all of this in its fragment. */
  readonly page?: string
}

const FORMS = {
  gateway: /^▸ Postern listens on (http:\/\/127\.0\.0\.1:\d+),/m,
  issuer: /its OIDC issuer listens on (http:\/\/127\.0\.0\.1:\d+)$/m,
  cluster: /^ {2}cluster +"([^"]+)" is simulated/m,
  spiffeId: /^ {2}SPIFFE ID +(spiffe:\/\/\S+)$/m,
  policy: /^ {2}answer +200 admitted by the policy (\S+)$/m,
  page: /^ {2}(http:\/\/127\.0\.0\.1:\d+\/playground\/#\S+)$/m,
} as const satisfies Readonly<Record<keyof DemoOutput, RegExp>>

/** Reads what was printed so far. Lines that are not whole yet are not read; the first of each kind counts. */
export function readDemoOutput(printed: string): DemoOutput {
  const whole = stripVTControlCharacters(printed.slice(0, printed.lastIndexOf('\n') + 1))
  return Object.fromEntries(
    Object.entries(FORMS).flatMap(([name, form]) => {
      const [, value] = form.exec(whole) ?? []
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
