/**
 * The page on which the network is tried: the real hosting of a node worker, whose node is a partner for conversations.
 * @module
 */
// oxlint-disable-next-line import/default -- Vite builds the worker as a file of its own and gives its address
import workerUrl from './partner.worker.ts?worker&url'
import { type RtcHost, hostRtc } from '../../src/edge/net/page.ts'
import { connectNode } from '../../src/edge/tab/page.ts'
import { startModuleWorker } from '../../src/edge/web/page.ts'
import { tamperedConnection } from './tamper.ts'
import type { RelayAddress } from '../../src/port/net.ts'
import type { Attack } from './hostile.ts'
import type { Partner } from './partner.worker.ts'

interface Bench {
  readonly partner: Partner
  /** Of the node that this page hosts. */
  host: RtcHost | null
  readonly attack: (peer: string, relay: RelayAddress, kind: Attack, isDirect: boolean) => Promise<void>
  /** Several attack again and again, until `desist`. */
  readonly assail: (peer: string, relay: RelayAddress, kind: Attack) => Promise<void>
  /** Attacks that were let in, since `assail`. */
  attackCount: number
  desist: () => Promise<void>
}
function startWorker(): Worker {
  const worker = startModuleWorker(workerUrl)
  bench.host = location.hash === '#tampered' ? hostRtc(worker, tamperedConnection) : hostRtc(worker)
  return worker
}
const attackerCount = 4
const bench: Bench = {
  // A page of bad faith leaves its profile's node where it is.
  partner: (location.hash === '#hostile' ? null : connectNode('net', startWorker).api) as unknown as Partner,
  host: null,
  attack: async (...args) => (await hostile()).attack(...args),
  async assail(...args) {
    const { attackUntil } = await hostile()
    let isOver = false
    bench.attackCount = 0
    const attackOn = (): Promise<void> =>
      attackUntil(
        () => isOver,
        () => bench.attackCount++,
        ...args,
      )
    const attacks = Promise.all(Array.from({ length: attackerCount }, attackOn))
    bench.desist = async () => {
      isOver = true
      await attacks
    }
  },
  attackCount: 0,
  async desist() {},
}

const PlainSocket = globalThis.WebSocket
async function hostile(): Promise<typeof import('./hostile.ts')> {
  // libp2p's addresses have no path.
  globalThis.WebSocket = class extends PlainSocket {
    constructor(url: string | URL) {
      super(`${url}/relay`)
    }
  }
  return import('./hostile.ts')
}
export type NetBench = Bench
Object.assign(globalThis, { bench })
