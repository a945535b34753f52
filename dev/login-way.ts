// `npm run way`: which functions one warm login runs, and which of them are handed its token. `--json`: for the test.
import process from 'node:process'
import { describeLoginWay, measureLoginWay } from './way/measure.ts'

const way = await measureLoginWay()
console.log(process.argv.includes('--json') ? JSON.stringify(way) : describeLoginWay(way))
