// A TCP port (RFC 9293 section 3.1: 16 bits) as a person or a URL writes it.
export const PORT_MAX = 65_535

/** 0 to 65535, in decimal digits alone; 0 is no port to connect to. */
export function readPort(text: string): number | undefined {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN
  return port <= PORT_MAX ? port : undefined
}
