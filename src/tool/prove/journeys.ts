/**
 * The bars of the built site in a real browser: the end to end tests tagged `@prove`, and those tagged `@wide`, which `npm test`
 * leaves out; each a bar.
 *
 * A test says what is required and what it measured by annotations of these types; without them it says that it passed.
 * @module
 */
import { readFile, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Bar, type Proof, runScript, unmeasured } from './bar.ts'

interface Report {
  readonly suites: readonly Suite[]
}
interface Suite {
  readonly suites?: readonly Suite[]
  readonly specs: readonly {
    readonly title: string
    readonly ok: boolean
    readonly tests: readonly { readonly annotations: readonly Annotation[]; readonly status: string }[]
  }[]
}
interface Annotation {
  readonly type: string
  readonly description?: string
}

export const journeys: Proof = {
  word: 'e2e',
  title: 'Going the long ways through the site',
  async run() {
    const file = resolve('.cache', 'prove-e2e.json')
    await rm(file, { force: true })
    const env = { PROVE: '1', PLAYWRIGHT_JSON_OUTPUT_FILE: file }
    const { status } = await runScript(['src/tool/e2e.mjs', '--grep', '@prove|@wide', '--reporter=list,json'], {
      env,
      isShown: true,
    })
    const text = await readFile(file, 'utf8').catch(() => null)
    const bars = text === null ? [] : (JSON.parse(text) as Report).suites.flatMap(barsOf)
    return bars.length > 0 ? bars : [unmeasured('journeys', status)]
  },
}

function barsOf({ specs, suites = [] }: Suite): readonly Bar[] {
  const own = specs.map(({ title, ok, tests }): Bar => {
    const annotations = tests.flatMap((test) => test.annotations)
    const told = (type: string): string | undefined => annotations.findLast((each) => each.type === type)?.description
    const isSkipped = tests.every((test) => test.status === 'skipped')
    return {
      name: title.replaceAll(/\s*@(prove|wide)\b/g, ''),
      required: told('required') ?? 'passes',
      measured: isSkipped ? 'skipped' : (told('measured') ?? (ok ? 'passed' : 'failed')),
      isMet: ok && !isSkipped,
    }
  })
  return [...own, ...suites.flatMap(barsOf)]
}
