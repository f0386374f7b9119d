import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { recognisesRaft, runRaft } from './raft.ts'

const sharedPath = fileURLToPath(new URL('../../../../shared', import.meta.url))

describe('files of schedules and tables', () => {
  const separator = '\n----\nok\n'
  test.each([
    {
      name: 'a schedule',
      text: `log-level none${separator}\nadd-nodes 3 voters=(1,2,3) index=10${separator}`,
      known: true,
    },
    { name: 'a quorum table', text: `committed cfg=(1) idx=(3)${separator}`, known: true },
    { name: 'a vote table', text: `# empty\nvote${separator}`, known: true },
    { name: 'a configuration table', text: `simple\nv1${separator}`, known: true },
    { name: 'prose', text: 'simple things\nand a vote for all', known: false },
  ])('$name', ({ text, known }) => expect(recognisesRaft('x.txt', text)).toBe(known))
})

// The data is not part of this repository; where it is not at hand this says so.
describe.skipIf(!existsSync(`${sharedPath}/raft/runner`))('etcd schedules and tables beside this repository', () => {
  test('all pass', { timeout: 120_000 }, async () => {
    const results = await runRaft(`${sharedPath}/raft`, sharedPath)
    expect(results.length).toBeGreaterThan(70)
    expect(results.filter(({ failed }) => failed > 0).map(({ name, failures }) => `${name} ${failures[0]}`)).toEqual([])
  })
})
