// The reporter of `npm test`: one line for each project, and of what fails everything. A test that passes prints nothing;
// what one prints all the same is shown, so that it is seen and silenced where it is made.
import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { DefaultReporter, type TestModule, type Vitest } from 'vitest/node'

export interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export default class QuietReporter extends DefaultReporter {
  constructor() {
    super({ summary: false })
  }

  /** Without the banner. */
  override onInit(vitest: Vitest): void {
    this.ctx = vitest
    this.silent = false
  }

  protected override printTestModule(testModule: TestModule): void {
    if (testModule.state() === 'failed') super.printTestModule(testModule)
  }

  /** The totals also go to the file that `POSTERN_TEST_TOTALS` names, for `run.ts`. */
  override reportTestSummary(): void {
    const modules = this.ctx.state.getTestModules()
    for (const name of new Set(modules.map(({ project }) => project.name))) {
      const own = modules.filter(({ project }) => project.name === name)
      const { passed, failed, skipped } = countTests(own)
      const mark = own.some((module) => module.state() === 'failed') ? '✗' : '✓'
      this.log(`${mark} tests of ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`)
    }
    const path = process.env['POSTERN_TEST_TOTALS']
    if (path !== undefined) writeFileSync(path, JSON.stringify(countTests(modules)))
  }
}

function countTests(modules: readonly TestModule[]): Totals {
  const totals = { passed: 0, failed: 0, skipped: 0 }
  for (const { children } of modules) {
    for (const test of children.allTests()) {
      const { state } = test.result()
      // A run that was cut short leaves tests pending: they did not pass.
      totals[state === 'pending' ? 'failed' : state]++
    }
  }
  return totals
}
