/**
 * The network of the real platform. What it needs, a tenth of the whole program's size, is loaded when it is first used: a
 * device that stands alone never does.
 * @module
 */
import type { Bytes } from '../../core/bytes/bytes.ts'
import type { NetPort } from '../../port/net.ts'
import type { RtcMessage } from './protocol.ts'
import { installRtc } from './shim.ts'

export { receiveRtc } from './shim.ts'

/**
 * @param rtc the port to the page (`receiveRtc`)
 * @param transportSecret Ed25519, 32 octets: the same ever after
 */
export function createNet(
  rtc: Promise<readonly [RtcMessage, MessagePort]>,
  transportSecret: () => Promise<Bytes>,
): NetPort {
  return {
    async open(options) {
      const shim = installRtc(...(await rtc))
      const { joinNetwork } = await import('./libp2p.ts')
      return joinNetwork(shim, await transportSecret(), options)
    },
  }
}
