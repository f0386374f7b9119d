/**
 * The benchmarks' thread: a dedicated worker, as the node's is. Runs the row that it is asked for.
 * @module
 */
import { type Comparison } from './alternate.ts'
import { writeBatches } from './batch.ts'
import { checkChains } from './chains.ts'
import { editBlocks } from './edits.ts'
import { openSectors, sealSectors } from './sectors.ts'

const rows = { sealSectors, openSectors, writeBatches, checkChains, editBlocks } as const satisfies Record<
  string,
  () => Promise<Comparison>
>
export type WorkerRow = keyof typeof rows
export type WorkerAnswer = { readonly comparison: Comparison } | { readonly error: string }

self.addEventListener('message', ({ data }: MessageEvent<WorkerRow>) => {
  const answer = (message: WorkerAnswer): void => (self as unknown as Worker).postMessage(message)
  rows[data]().then(
    (comparison) => answer({ comparison }),
    (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
