/** The build embeds the file in the script, so that the page fetches nothing. */
declare module '*.wasm' {
  const bytes: Uint8Array<ArrayBuffer>
  export default bytes
}
