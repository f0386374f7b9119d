/**
 * A bar: something that is claimed, what is required for it, and what was measured.
 * @module
 */
import { spawn } from 'node:child_process'

export interface Bar {
  readonly name: string
  readonly required: string
  readonly measured: string
  readonly isMet: boolean
}

/** What takes long and yields bars. */
export interface Proof {
  /** By which it is chosen: `npm run prove -- sim`. */
  readonly word: string
  /** What is being done, for a person who waits. */
  readonly title: string
  run(): Promise<readonly Bar[]>
}

/**
 * Runs one of this repository's own scripts by Node.
 * @param options env besides our own. isShown: its output also goes to the terminal as it comes
 * @returns its status, 1 where a signal ended it, and what it said on its standard output
 */
export function runScript(
  args: readonly string[],
  { env = {}, isShown = false }: { readonly env?: Readonly<Record<string, string>>; readonly isShown?: boolean } = {},
): Promise<{ readonly status: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const heard: string[] = []
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      heard.push(text)
      if (isShown) process.stdout.write(text)
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ status: code ?? 1, output: heard.join('') }))
  })
}

/** Runs a TypeScript program of this repository. */
export const runProgram = (
  entry: string,
  args: readonly string[],
  isShown = false,
): Promise<{ readonly status: number; readonly output: string }> =>
  runScript(['src/tool/run.mjs', entry, ...args], { isShown })

/** In place of bars that could not be measured: that is no pass. */
export const unmeasured = (name: string, status: number): Bar => ({
  name,
  required: 'an answer',
  measured: `none, status ${status}`,
  isMet: false,
})
