/**
 * The page's half of the simulator: a stage in a thread of its own.
 * @module
 */
import type { StageOptions, StagePort, StageWatch } from '../../port/stage.ts'
import type { StageNews, StageOrder } from './protocol.ts'

/** @param startWorker starts a thread with a stage in it */
export function openStage(startWorker: () => Worker, options: StageOptions, watch: StageWatch): StagePort {
  const worker = startWorker()
  const order = (each: StageOrder): void => worker.postMessage(each)
  worker.onmessage = ({ data }: MessageEvent<StageNews>) => {
    if (data.kind === 'progress') watch.onProgress(data.share)
    else watch.onPicture(data.picture)
  }
  worker.onerror = ({ message }) => watch.onFailure(message)
  order({ kind: 'open', options })
  return {
    act: (deed) => order({ kind: 'act', deed }),
    pace: (simulatedMsPerSecond) => order({ kind: 'pace', simulatedMsPerSecond }),
    close: () => worker.terminate(),
  }
}
