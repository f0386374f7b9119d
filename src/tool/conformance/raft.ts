/**
 * Conformance of `core/raft` with etcd's recorded schedules and tables.
 *
 * The runner that interprets them lies beside the data; it is imported from there, so that who brings more data brings its
 * meaning along. Files are known by what they say, not by where they lie.
 * @module
 */
import { readFile, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { raftAdapter } from '../../core/raft/testing/adapter.ts'
import { changeByCommand, committedText, noMembers, voteResultText } from '../../core/raft/testing/membership-text.ts'

export interface FileResult {
  readonly name: string
  /** Commands of a schedule, or cases of a table. */
  readonly passed: number
  readonly failed: number
  /** The first few, each with what was wanted and what came. */
  readonly failures: string[]
}

type Kind = 'schedule' | 'quorum' | 'confchange'

function kindOf(path: string, text: string): Kind | null {
  if (!path.endsWith('.txt') || !/^----$/m.test(text)) return null
  if (/^add-nodes \d/m.test(text)) return 'schedule'
  if (/^(committed|vote)( (cfg|cfgj|idx|votes)=|$)/m.test(text)) return 'quorum'
  return /^(simple|enter-joint|leave-joint)( |$)/m.test(text) ? 'confchange' : null
}

export const recognisesRaft = (path: string, text: string): boolean => kindOf(path, text) !== null

/** One test of a file, as the runner's reader gives it. */
interface Command {
  readonly cmd: string
  readonly args: readonly { readonly key: string; readonly vals: readonly string[] }[]
  readonly input: string
  readonly expected: string
  readonly line: number
}
interface Runner {
  parseFile(text: string): readonly Command[]
  Env: new (adapter: typeof raftAdapter) => { run(command: Command): string }
  normalise(text: string, mode: string, command: Command): string
}

/**
 * Runs every file of these kinds.
 * @param folderOrFile searched through all its folders
 * @param sharedPath where `raft/runner` lies
 */
export async function runRaft(folderOrFile: string, sharedPath: string): Promise<FileResult[]> {
  const runner = await loadRunner(join(sharedPath, 'raft', 'runner'))
  const results: FileResult[] = []
  for (const path of await filesUnder(folderOrFile)) {
    if (!path.endsWith('.txt')) continue
    const text = await readFile(path, 'utf8')
    const kind = kindOf(path, text)
    if (kind === null) continue
    const cases = runner.parseFile(text)
    const outcomes = kind === 'schedule' ? playSchedule(runner, cases) : fillTable(cases)
    const failures = outcomes.filter(({ want, got }) => want !== got)
    results.push({
      name: basename(path),
      passed: outcomes.length - failures.length,
      failed: failures.length,
      failures: failures.slice(0, 3).map(({ line, want, got }) => `line ${line}\n--- want\n${want}--- got\n${got}`),
    })
  }
  return results
}

async function loadRunner(folder: string): Promise<Runner> {
  const load = (name: string) => import(/* @vite-ignore */ pathToFileURL(join(folder, name)).href)
  const [reader, interpreter, compare] = await Promise.all(
    ['datadriven.mjs', 'interpreter.mjs', 'compare.mjs'].map(load),
  )
  return { parseFile: reader.parseFile, Env: interpreter.Env, normalise: compare.normalise }
}

async function filesUnder(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const names = (await readdir(path)).filter((name) => name !== 'node_modules').sort()
  return (await Promise.all(names.map((name) => filesUnder(join(path, name))))).flat()
}

interface Outcome {
  readonly line: number
  readonly want: string
  readonly got: string
}

/** Messages and states must be those of etcd, to the letter; its log lines are its own. */
function playSchedule(runner: Runner, cases: readonly Command[]): Outcome[] {
  const environment = new runner.Env(raftAdapter)
  const outcomes: Outcome[] = []
  for (const command of cases) {
    let output: string
    let crashed = false
    try {
      output = environment.run(command)
    } catch (error) {
      output = `CRASH ${error instanceof Error ? error.stack : String(error)}`
      crashed = true
    }
    const ended = output.endsWith('\n') ? output : `${output}\n`
    const want = runner.normalise(command.expected, 'nolog', command)
    outcomes.push({ line: command.line, want, got: runner.normalise(ended, 'nolog', command) })
    if (crashed) break
  }
  return outcomes
}

function fillTable(cases: readonly Command[]): Outcome[] {
  const outcomes: Outcome[] = []
  let membership = noMembers
  cases.forEach((command, position) => {
    const want = command.expected.trim()
    if (command.cmd === 'committed' || command.cmd === 'vote') {
      // An input that etcd's own reader refuses says nothing of quorums.
      if (want.startsWith('error:')) return
      const result = want.split('\n').at(-1)!.replace('<empty majority quorum>', '').trim()
      outcomes.push({ line: command.line, want: result, got: quorumText(command) })
      return
    }
    const autoLeave = command.args.some(({ key, vals }) => key === 'autoleave' && vals[0] === 'true')
    const [next, got] = changeByCommand(membership, command.cmd, autoLeave, command.input, position)
    membership = next
    outcomes.push({ line: command.line, want, got })
  })
  return outcomes
}

function quorumText({ cmd, args }: Command): string {
  const values = (key: string) => args.find((argument) => argument.key === key)?.vals
  const ids = (texts: readonly string[]) => texts.filter((text) => text !== '' && text !== 'zero').map(Number)
  const joint = values('cfgj')
  const halves = [ids(values('cfg') ?? []), ...(joint === undefined ? [] : [ids(joint)])]
  const given = values(cmd === 'vote' ? 'votes' : 'idx') ?? []
  const known = [...new Set(halves.flat())].flatMap((id, position) => {
    const value = given[position]
    return value === undefined || value === '_' ? [] : [[id, value] as const]
  })
  return cmd === 'vote'
    ? voteResultText(halves, new Map(known.map(([id, value]) => [id, value === 'y'])))
    : committedText(halves, new Map(known.map(([id, value]) => [id, Number(value)])))
}
