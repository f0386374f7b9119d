/**
 * The checker against histories with known verdicts, those of others beside the clone and small ones of our own.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Operation, type SequentialModel, judgeHistory } from './linearizability.ts'
import { type RegisterInput, type RegisterOutput, registers } from './group/registers.ts'

const folder = fileURLToPath(new URL('../../../shared/linearizability/porcupine-testdata/', import.meta.url))
const hasFolder = existsSync(folder)

interface Line {
  readonly process: string
  readonly type: string
  readonly name: string
  readonly rest: readonly string[]
}
/** A process asks one thing at a time. */
function historyOf<I, O>(
  lines: readonly Line[],
  inputOf: (line: Line) => I,
  outputOf: (line: Line) => O,
): readonly Operation<I, O>[] {
  const history: Operation<I, O>[] = []
  const open = new Map<string, number>()
  for (const [at, line] of lines.entries()) {
    const asked = open.get(line.process)
    if (line.type === 'invoke')
      open.set(
        line.process,
        history.push({ input: inputOf(line), output: null, calledAt: at, returnedAt: Infinity }) - 1,
      )
    else if (line.type !== 'info' && asked !== undefined)
      history[asked] = { ...history[asked]!, output: outputOf(line), returnedAt: at }
  }
  return history
}
const linesOf = (path: string, form: RegExp): readonly Line[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, process, type, name, ...rest] = form.exec(line) ?? []
      return process === undefined ? [] : [{ process, type: type!, name: name!, rest }]
    })

const numbersIn = (text: string): readonly string[] => text.match(/-?\d+/g) ?? []
const etcdHistory = (path: string) =>
  historyOf<RegisterInput, RegisterOutput>(
    linesOf(path, /^INFO\s+jepsen\.util - (\d+)\s+:(\w+)\s+:(\w+)\s+(.*)$/),
    ({ name, rest }) => {
      const [one = '', other = ''] = numbersIn(rest[0]!)
      if (name === 'read') return { kind: 'read', key: '' }
      return name === 'write'
        ? { kind: 'write', key: '', value: one }
        : { kind: 'swap', key: '', from: one, value: other }
    },
    ({ type, name, rest }) => {
      if (name === 'swap' || name === 'cas') return { kind: 'swapped', isSwapped: type === 'ok' }
      if (name === 'write' || type === 'fail') return { kind: 'any' }
      return { kind: 'value', value: numbersIn(rest[0]!)[0] ?? null }
    },
  )

interface Said {
  readonly name: string
  readonly key: string
  readonly value: string
}
const texts: SequentialModel<string, Said, string> = {
  initial: '',
  partOf: ({ key }) => key,
  step(state, { name, value }, output) {
    if (name === 'get') return output === null || output === state ? state : null
    return name === 'put' ? value : state + value
  },
  nameOf: (state) => state,
  shown: (part) => part,
}
const textHistory = (path: string) =>
  historyOf<Said, string>(
    linesOf(path, /:process (\d+), :type :(\w+), :f :(\w+), :key "(.*?)", :value (?:"(.*)"|nil)\}/),
    ({ name, rest: [key, value] }) => ({ name, key: key!, value: value ?? '' }),
    ({ rest: [, value] }) => value ?? '',
  )

describe.skipIf(!hasFolder)('the verdicts of porcupine (its histories lie beside the clone)', () => {
  test('on etcd as Jepsen saw it', () => {
    const expected = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as Record<string, boolean>
    const files = Object.keys(expected).filter((name) => existsSync(`${folder}jepsen/${name}`))
    expect(files.length).toBeGreaterThan(100)
    for (const name of files)
      expect(`${name}: ${judgeHistory(registers, etcdHistory(`${folder}jepsen/${name}`))}`).toBe(
        `${name}: ${expected[name] ? 'linearizable' : 'illegal'}`,
      )
  })
  test('on stores of texts', () => {
    const files = readdirSync(`${folder}kv`)
    expect(files.length).toBeGreaterThan(5)
    for (const name of files)
      expect(`${name}: ${judgeHistory(texts, textHistory(`${folder}kv/${name}`))}`).toBe(
        `${name}: ${name.includes('ok') ? 'linearizable' : 'illegal'}`,
      )
  })
})

const write = (value: string, calledAt: number, returnedAt: number): Operation<RegisterInput, RegisterOutput> => ({
  input: { kind: 'write', key: 'k', value },
  output: returnedAt === Infinity ? null : { kind: 'any' },
  calledAt,
  returnedAt,
})
const read = (
  value: string | null,
  calledAt: number,
  returnedAt: number,
): Operation<RegisterInput, RegisterOutput> => ({
  input: { kind: 'read', key: 'k' },
  output: { kind: 'value', value },
  calledAt,
  returnedAt,
})

test.each([
  ['nothing at all', [], 'linearizable'],
  ['a read of what was never written', [read('a', 0, 1)], 'illegal'],
  ['a read beside a write, of either', [write('a', 0, 5), read(null, 1, 2), read('a', 3, 4)], 'linearizable'],
  ['a read that goes back', [write('a', 0, 5), read('a', 1, 2), read(null, 3, 4)], 'illegal'],
  ['a read of the old after the write', [write('a', 0, 1), read(null, 2, 3)], 'illegal'],
  ['a call in the instant of a return', [write('a', 0, 1), read(null, 1, 2)], 'linearizable'],
  [
    'a write without an answer that took effect late',
    [write('a', 0, Infinity), read(null, 1, 2), read('a', 9, 10)],
    'linearizable',
  ],
  [
    'and one that took effect twice',
    [write('a', 0, Infinity), write('b', 1, 2), read('a', 3, 4), read('b', 5, 6), read('a', 7, 8)],
    'illegal',
  ],
] as const)('%s', (_, history, verdict) => expect(judgeHistory(registers, history)).toBe(verdict))

test('says so where it did not come to an end', () => {
  const many = Array.from({ length: 24 }, (_, at) => write(`${at}`, 0, 100))
  expect(judgeHistory(registers, [...many, read('none', 101, 102)], 1000)).toBe('unknown')
})

test('what was never answered costs nothing where no answer shows it, and is searched where one does', () => {
  const lost = Array.from({ length: 40 }, (_, at) => write(`lost ${at}`, at, Infinity))
  const rest = Array.from({ length: 40 }, (_, at) => [
    write(`${at}`, 100 + 4 * at, 101 + 4 * at),
    read(`${at}`, 102 + 4 * at, 103 + 4 * at),
  ]).flat()
  expect(judgeHistory(registers, [...lost, ...rest], 1000)).toBe('linearizable')
  expect(judgeHistory(registers, [...lost, ...rest, read('lost 7', 300, 301)], 1000)).toBe('linearizable')
  expect(judgeHistory(registers, [...lost.slice(0, 3), read('lost 1', 50, 51), read(null, 52, 53)])).toBe('illegal')
})

test('what one copy answered is linearizable, whenever it took effect between call and return', () => {
  const operation = fc.record({
    kind: fc.constantFrom('read', 'write', 'swap'),
    one: fc.nat(3),
    other: fc.nat(3),
    before: fc.nat(9),
    after: fc.nat(9),
  })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 12 }), fc.nat(11), (operations, spoiled) => {
      let value: string | null = null
      let isSpoiled = false
      const history = operations.map(
        ({ kind, one, other, before, after }, at): Operation<RegisterInput, RegisterOutput> => {
          const times = { calledAt: 10 * at - before, returnedAt: 10 * at + after }
          const [from, to] = [`${one}`, `${other} of ${at}`]
          if (kind === 'write') {
            value = to
            return { input: { kind: 'write', key: 'k', value: to }, output: { kind: 'any' }, ...times }
          }
          if (kind === 'swap') {
            const isSwapped = value === from
            if (isSwapped) value = to
            return {
              input: { kind: 'swap', key: 'k', from, value: to },
              output: { kind: 'swapped', isSwapped },
              ...times,
            }
          }
          isSpoiled ||= at === spoiled
          return {
            input: { kind: 'read', key: 'k' },
            output: { kind: 'value', value: at === spoiled ? 'never written' : value },
            ...times,
          }
        },
      )
      expect(judgeHistory(registers, history)).toBe(isSpoiled ? 'illegal' : 'linearizable')
    }),
  )
})
