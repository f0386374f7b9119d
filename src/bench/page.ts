/**
 * The page that the benchmarks run under: starts a fresh worker a row and hands its answer to whoever drives the browser.
 * @module
 */
// oxlint-disable-next-line import/default -- Vite builds the worker as a file of its own and gives its address
import workerUrl from './bench.worker.ts?worker&url'
// oxlint-disable-next-line import/default -- likewise
import codingWorkerUrl from './coding.worker.ts?worker&url'
import { startModuleWorker } from '../edge/web/page.ts'
import type { Comparison } from './alternate.ts'
import type { WorkerAnswer, WorkerRow } from './bench.worker.ts'
import type { CodingAnswer, CodingQuestion } from './coding.worker.ts'

function runRow(row: WorkerRow): Promise<Comparison> {
  const worker = startModuleWorker(workerUrl)
  const answered = new Promise<Comparison>((resolve, reject) => {
    worker.addEventListener('error', ({ message }) => reject(new Error(message)))
    worker.addEventListener('message', ({ data }: MessageEvent<WorkerAnswer>) =>
      'comparison' in data ? resolve(data.comparison) : reject(new Error(data.error)),
    )
  })
  worker.postMessage(row)
  return answered.finally(() => worker.terminate())
}

/** Likewise for what the kernel does. */
function runCoding(question: CodingQuestion): Promise<unknown> {
  const worker = startModuleWorker(codingWorkerUrl)
  const answered = new Promise<unknown>((resolve, reject) => {
    worker.addEventListener('error', ({ message }) => reject(new Error(message)))
    worker.addEventListener('message', ({ data }: MessageEvent<CodingAnswer>) =>
      'figures' in data ? resolve(data.figures) : reject(new Error(data.error)),
    )
  })
  worker.postMessage(question)
  return answered.finally(() => worker.terminate())
}

Object.assign(globalThis, { runRow, runCoding })
