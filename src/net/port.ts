// A TCP port (RFC 9293 section 3.1: 16 bits) as a person or a URL writes it.
export const PORT_MAX = 65_535

/** Reads a port from 0 to 65535 in decimal digits; `undefined` for anything else. Port 0 cannot be connected to. */
export function readPort(text: string): number | undefined {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN
  return port <= PORT_MAX ? port : undefined
}
