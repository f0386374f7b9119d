/**
 * The simulator page's thread: a stage of simulated devices, whose time goes on as fast as the page wishes.
 * @module
 */
import type { StageNews, StageOrder } from '../src/edge/stage/protocol.ts'
import type { StageOptions } from '../src/port/stage.ts'
import { Stage } from '../src/sim/stage.ts'

/** Between two pictures. */
const pictureMs = 33
/** A thread that is behind does not try to catch up: time there goes slower instead. */
const stepMsMax = 100

let stage: Stage | null = null
let simulatedMsPerSecond = 0

const tell = (news: StageNews): void => postMessage(news)

addEventListener('message', ({ data }: MessageEvent<StageOrder>) => {
  if (data.kind === 'act') stage?.act(data.deed)
  else if (data.kind === 'pace') simulatedMsPerSecond = data.simulatedMsPerSecond
  else void play(data.options).catch(reportError)
})

async function play(options: StageOptions): Promise<void> {
  stage = await Stage.open(options, drain, (share) => tell({ kind: 'progress', share }))
  for (let beforeMs = performance.now(); ;) {
    tell({ kind: 'picture', picture: stage.picture })
    await new Promise((resolve) => setTimeout(resolve, pictureMs))
    const nowMs = performance.now()
    const stepMs = Math.min(nowMs - beforeMs, stepMsMax)
    beforeMs = nowMs
    await stage.advance((stepMs / 1000) * simulatedMsPerSecond)
  }
}

const { port1, port2 } = new MessageChannel()
const waiting: (() => void)[] = []
port1.onmessage = () => waiting.shift()?.()

/** One turn of the event loop, by a message since a timer would wait for four milliseconds. */
function drain(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    port2.postMessage(null)
  })
}
