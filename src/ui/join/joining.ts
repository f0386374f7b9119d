/**
 * The course of joining a tree: where a newcomer is, and what each answer leads to.
 *
 * From the moment on that a code is handed to the node, the node says how far it is, to all tabs alike. Knows no element; the
 * page draws it.
 * @module
 */
import type { Joining, NodeApi } from '../../node/api.ts'
import { codeOf, sentenceOf } from '../fault.ts'
import { joinWords } from './words.ts'
import type { Surroundings } from './surroundings.ts'

export type JoinStep =
  | { readonly stage: 'planted' | 'surroundings' | 'ways' | 'name' }
  /** The node's own stages. */
  | Joining

export interface JoinSituation {
  /** What the node says. */
  readonly joining: Joining | null
  readonly isPlanted: boolean
  readonly surroundings: Surroundings
}

/** Tells its watchers of every change. */
export class JoinCourse extends EventTarget {
  isBusy = false
  /** Why the last try did not work; empty: it did. */
  problem = ''
  /** What shows the code, as far as this page has heard of it. */
  inviterName = ''
  /** What was said to the question whether what was here comes along; null as long as nothing was. */
  isComingAlong: boolean | null = null
  readonly #api: NodeApi
  /** Of the invitation; a secret, so nobody else keeps it. */
  #code: string | null
  #isInsisting = false
  #stage: JoinStep['stage'] | '' = ''

  constructor(api: NodeApi, code: string | null) {
    super()
    this.#api = api
    this.#code = code
  }

  get code(): string | null {
    return this.#code
  }

  /** Where it stands, as the node and the browser say; before each drawing. */
  arrive({ joining, isPlanted, surroundings }: JoinSituation): JoinStep {
    const step = ((): JoinStep => {
      if (joining !== null) return joining
      if (isPlanted) return { stage: 'planted' }
      if (surroundings.kind !== 'fine' && !this.#isInsisting) return { stage: 'surroundings' }
      return { stage: this.#code === null ? 'ways' : 'name' }
    })()
    if (joining !== null) this.#code = null
    if (joining?.stage === 'confirm') this.inviterName = joining.deviceName
    if (joining?.stage === 'connecting') this.inviterName = ''
    if (step.stage !== this.#stage) {
      this.#stage = step.stage
      this.isBusy = false
      this.problem = ''
    }
    return step
  }

  /** Goes on in a browser in which a tree had better not live. */
  insist(): void {
    this.#isInsisting = true
    this.#tell()
  }

  /** @param code null: it is to be read again */
  read(code: string | null): void {
    this.#code = code
    this.#tell()
  }

  async start(deviceName: string): Promise<void> {
    const code = this.#code
    if (code === null) return
    if (deviceName === '') {
      this.problem = joinWords.join.name.missing
      return this.#tell()
    }
    await this.#try(() => this.#api.join(code, deviceName))
  }
  confirm(): Promise<void> {
    return this.#try(() => this.#api.confirmJoining())
  }
  /** What was here moves into the tree, or stays where it is. Does not wait for the end, which may take long. */
  bringAlong(isWanted: boolean): void {
    this.isComingAlong = isWanted
    this.#tell()
    if (!isWanted) return
    this.#api.bringAside(crypto.randomUUID()).catch((error: unknown) => {
      if (codeOf(error) === 'cancelled') return
      this.isComingAlong = null
      this.problem = sentenceOf(error)
      this.#tell()
    })
  }

  /** At whatever stage; also puts away what an ended one said. */
  end(): Promise<void> {
    this.isBusy = false
    return this.#try(() => this.#api.endJoining())
  }

  async #try(deed: () => Promise<void>): Promise<void> {
    if (this.isBusy) return
    const stage = this.#stage
    this.isBusy = true
    this.problem = ''
    this.#tell()
    let problem = ''
    try {
      await deed()
    } catch (error) {
      if (codeOf(error) !== 'cancelled') problem = sentenceOf(error)
    }
    if (this.#stage !== stage) return
    this.isBusy = false
    this.problem = problem
    this.#tell()
  }
  #tell(): void {
    this.dispatchEvent(new Event('change'))
  }
}
