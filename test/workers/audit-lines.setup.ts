// The Worker under test writes its audit records by `console.log`. They are not output of the tests.
const print = console.log.bind(console)

console.log = (...values: unknown[]) => {
  const [line] = values
  if (typeof line !== 'string' || !line.startsWith('{"v":1,')) print(...values)
}
