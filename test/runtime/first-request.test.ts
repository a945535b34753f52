import { expect, it } from 'vitest'
import { runBeforeFirstRequest } from '../../src/runtime/first-request.ts'

it('work for the first request is done once, before it, and not before there is one', async () => {
  const done: string[] = []
  const app = runBeforeFirstRequest(
    {
      fetch(_request: Request, environment: string) {
        done.push(environment)
        return new Response(environment)
      },
    },
    () => done.push('started'),
  )
  expect(done).toEqual([])
  for (const name of ['first', 'second'])
    expect(await (await app.fetch(new Request('https://login.example.org/'), name)).text()).toBe(name)
  expect(done).toEqual(['started', 'first', 'second'])
})
