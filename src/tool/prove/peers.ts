/**
 * The bars that others set: their data, and what the platform does without us.
 * @module
 */
import { type Bar, type Proof, runProgram, unmeasured } from './bar.ts'

export const conformance: Proof = {
  word: 'conformance',
  title: 'Running the data of others',
  async run() {
    const { status, output } = await runProgram('src/tool/conformance/main.ts', [], true)
    const measured = output.trimEnd().split('\n').at(-1) ?? ''
    if (!measured) return [unmeasured('data of others', status)]
    // Where there is no data beside this repository nothing was shown, though nothing went wrong.
    const isMet = status === 0 && /^[1-9]\d* passed, 0 failed/.test(measured)
    return [{ name: 'data of others', required: '0 failed', measured, isMet }]
  },
}

export const bench: Proof = {
  word: 'bench',
  title: 'Measuring beside the platform',
  async run() {
    const { status, output } = await runProgram('src/bench/main.ts', [], true)
    const [head = '', ...rows] = output.trimEnd().split('\n')
    const start = head.indexOf('row ')
    if (start !== 0) return [unmeasured('benchmarks', status)]
    return rows.map((row) => barOf(cellsOf(head, row)))
  },
}

/** Cuts a row of the printed table where the heads begin. */
function cellsOf(head: string, row: string): Readonly<Record<string, string>> {
  const heads = [...head.matchAll(/\S+/g)].map((match) => ({ name: match[0], at: match.index }))
  return Object.fromEntries(heads.map(({ name, at }, index) => [name, row.slice(at, heads[index + 1]?.at).trim()]))
}

function barOf({
  row = '',
  ours = '',
  baseline = '',
  ratio = '',
  bar = '',
  verdict = '',
}: Readonly<Record<string, string>>): Bar {
  const beside = baseline ? ` beside ${baseline}, ratio ${ratio}` : ''
  // A row without a bar is shown for its figure; a void one was measured on a busy machine and shows nothing.
  return {
    name: `bench: ${row}`,
    required: bar || 'shown',
    measured: `${ours}${beside}${verdict.startsWith('void') ? '; void' : ''}`,
    isMet: verdict.startsWith('pass') || verdict.startsWith('shown'),
  }
}
