/**
 * The page's half of the fragments: cuts a file into source blocks, lets workers code them, and holds what they made.
 *
 * Whatever is made here is for a trial and stays in this page's memory: its storers are made up, nothing is signed or sent.
 * @module
 */
import { BlocktreeError, type Bytes, CancelledError, RefusedError, concat } from '../../core/bytes/bytes.ts'
import {
  type FragmentAnswer,
  type FragmentAnswers,
  type FragmentQuestion,
  type Sealing,
  type Cut,
  movedOf,
} from './protocol.ts'

/** One core is left to the page, and more than four workers would only wait for each other's memory. */
const workerCount = (): number => Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 1) - 1))

interface Work {
  readonly signal: AbortSignal
  /** @param share of the whole, 0 to 1 */
  readonly onProgress: (share: number) => void
}

/** @param startWorker starts a fragment worker */
export function openFragments(startWorker: () => Worker) {
  const pool = new Pool(startWorker, workerCount())
  return {
    /**
     * @param fragmentCount n
     * @param neededCount m: so many of the n bring the file back
     */
    make: (file: Blob, fragmentCount: number, neededCount: number, work: Work) =>
      make(pool, file, fragmentCount, neededCount, work),
  }
}

async function make(pool: Pool, file: Blob, fragmentCount: number, neededCount: number, work: Work) {
  /** A part of the work, from and to these shares of it. */
  const part = (from: number, to: number): Work => ({
    signal: work.signal,
    onProgress: (share) => work.onProgress(from + (to - from) * share),
  })
  const onlyOne = [null]
  const cut = { kind: 'cut', sizeBytes: file.size, neededCount } as const
  const [plan] = await pool.all(
    onlyOne,
    part(0, 0),
    () => cut,
    (answer) => answer,
  )
  const { cuts, stripeCount, fragmentSizeBytes } = plan!
  const contentOf = ({ start, end }: Cut): Blob => file.slice(start, end)
  const contentLeaves = await pool.all(
    cuts,
    part(0, 0.1),
    (each) => ({ kind: 'hash', content: contentOf(each) }),
    ({ leaf }) => leaf,
  )
  const rootOf = (leaves: readonly Bytes[]) => ({ kind: 'root', leaves: concat(...leaves) }) as const
  const [contentRoot] = await pool.all(
    onlyOne,
    part(0.1, 0.1),
    () => rootOf(contentLeaves),
    ({ root }) => root,
  )
  // In earnest the set's id is the hash of a signed record; nobody is told of this one.
  const [treeSecret, setId] = [randomOctets(32), randomOctets(32)]
  const storers = Array.from({ length: fragmentCount }, () => randomOctets(32))
  const sealingOf = ({ stripeIndex }: Cut): Sealing => ({ treeSecret, setId, storers, stripeIndex })
  const ids = Array.from({ length: fragmentCount }, (_, id) => id)
  const made = await pool.all(
    cuts,
    part(0.1, 0.95),
    (each) => ({
      kind: 'encode',
      place: each,
      content: contentOf(each),
      sealing: sealingOf(each),
      encodingSymbolIds: ids,
    }),
    (answer) => answer,
  )
  // A fragment of each stripe has a root of its own, which its record would be signed for.
  const roots = await pool.all(
    Array.from({ length: stripeCount }, (_, stripeIndex) => ids.map((id) => ({ stripeIndex, id }))).flat(),
    part(0.95, 1),
    ({ stripeIndex, id }) => {
      const ofStripe = made.filter((_, index) => cuts[index]!.stripeIndex === stripeIndex)
      const leavesOf = ({ leaves }: (typeof made)[number]): Bytes => {
        const sizeBytes = leaves.length / fragmentCount
        return leaves.subarray(id * sizeBytes, (id + 1) * sizeBytes)
      }
      return rootOf(ofStripe.map(leavesOf))
    },
    ({ root }) => root,
  )
  const pieces = made.map((answer) => [...answer.pieces])
  const held = new Set(ids)
  return {
    contentRoot: contentRoot!,
    neededCount,
    /** Octets of a fragment, all its stripes together. */
    sizeBytes: fragmentSizeBytes,
    /** Of the fragments of each stripe, stripe after stripe. */
    roots,
    held: (): ReadonlySet<number> => held,
    destroy(id: number): void {
      held.delete(id)
      for (const ofPlace of pieces) ofPlace[id] = new Uint8Array(0)
    },
    /** The file from the fragments that are left. Rejects where they are too few, or any is damaged. */
    async restore(restoring: Work): Promise<Blob> {
      const used = [...held].slice(0, neededCount)
      const giveBack = (moved: readonly Bytes[], index: number): void =>
        used.forEach((id, at) => (pieces[index]![id] = moved[at]!))
      const parts = await pool.all(
        cuts,
        restoring,
        (each, index) => ({
          kind: 'decode',
          place: each,
          sealing: sealingOf(each),
          pieces: used.map((id) => pieces[index]![id]!),
          encodingSymbolIds: used,
          leaf: contentLeaves[index]!,
        }),
        ({ content, pieces: moved }, index) => {
          giveBack(moved, index)
          // Handed to the browser at once: so many octets at the end would hold the page up.
          return new Blob([content])
        },
        giveBack,
      )
      return new Blob([...parts])
    },
  }
}

const randomOctets = (sizeBytes: number): Bytes => crypto.getRandomValues(new Uint8Array(sizeBytes))

function movedWith(question: FragmentQuestion): ArrayBuffer[] {
  if (question.kind === 'decode') return movedOf(question.pieces)
  return question.kind === 'root' ? movedOf([question.leaves]) : []
}

/** Workers that each do one thing at a time; started when they are first needed. */
class Pool {
  readonly #startWorker: () => Worker
  readonly #countMax: number
  readonly #idle: Worker[] = []

  constructor(startWorker: () => Worker, countMax: number) {
    this.#startWorker = startWorker
    this.#countMax = countMax
  }

  /**
   * Asks a question for each item, as many at once as there are workers.
   * @param take makes of an answer what is kept of it
   * @param giveBack gets the pieces that went with a question which was refused
   * @returns what was taken, in the order of the items
   */
  async all<T, K extends FragmentQuestion['kind'], R>(
    items: readonly T[],
    { signal, onProgress }: Work,
    questionOf: (item: T, index: number) => FragmentQuestion & { readonly kind: K },
    take: (value: FragmentAnswers[K], index: number) => R,
    giveBack?: (pieces: readonly Bytes[], index: number) => void,
  ): Promise<readonly R[]> {
    const taken: R[] = []
    let next = 0
    let doneCount = 0
    let failure: unknown
    const isOver = (): boolean => failure !== undefined || signal.aborted || next >= items.length
    // Each takes items until there are none; what was moved to a worker is awaited in any case, so that nothing is lost.
    const lane = async (): Promise<void> => {
      while (!isOver()) {
        const index = next++
        try {
          const answer = (await this.#ask(questionOf(items[index]!, index))) as FragmentAnswer<K>
          if (answer.ok) taken[index] = take(answer.value, index)
          else {
            giveBack?.(answer.pieces, index)
            throw new RefusedError(answer.fault)
          }
          onProgress(++doneCount / items.length)
        } catch (error) {
          failure ??= error
        }
      }
    }
    await Promise.all(Array.from({ length: this.#countMax }, lane))
    if (failure !== undefined) throw failure
    if (signal.aborted) throw new CancelledError()
    return taken
  }

  async #ask(question: FragmentQuestion): Promise<FragmentAnswer> {
    const worker = this.#idle.pop() ?? this.#startWorker()
    const answered = new Promise<FragmentAnswer>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<FragmentAnswer>) => resolve(data)
      worker.onerror = ({ message }) => reject(new FragmentWorkerError(message))
    })
    worker.postMessage(question, movedWith(question))
    try {
      const answer = await answered
      this.#idle.push(worker)
      return answer
    } catch (error) {
      worker.terminate()
      throw error
    }
  }
}

/** A worker failed, which only a mistake in the program or a lack of memory can bring about. */
class FragmentWorkerError extends BlocktreeError {
  override name = 'FragmentWorkerError'
  constructor(message: string) {
    super('fragmentWorkerFailed', `A thread of this page has failed (${message}). Reload the page and try again.`)
  }
}
