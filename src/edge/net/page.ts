/**
 * The window's half of the network: it owns the `RTCPeerConnection`s, which exist nowhere else, and hands their data channels to
 * the node worker, so that no octet passes through the page's thread. And it holds the cord by which all of it can be cut.
 * @module
 */
import type { Call, Cut, FromPage, RtcMessage, ToPage } from './protocol.ts'

export interface RtcHost {
  /**
   * Cuts paths silently, as a broken cable does: what is sent goes nowhere, nothing arrives, new ones do not come about, and
   * nobody is told. What lost something meanwhile is closed when the path is mended. Resolves when it is so, or when the worker has
   * ended.
   */
  cut(cut: Cut): Promise<void>
}

const nothingCut: Cut = { direct: false, relayed: false }

/**
 * To be called for each new worker, before it is told to start.
 * @param makeConnection another than the browser's own only in tests
 */
export function hostRtc(
  worker: Worker,
  makeConnection: (configuration: RTCConfiguration) => RTCPeerConnection = (configuration) =>
    new RTCPeerConnection(configuration),
): RtcHost {
  const { port1: port, port2 } = new MessageChannel()
  const lockName = `rtc:${crypto.randomUUID()}`
  const connections = new Map<number, RTCPeerConnection>()
  /** Closed for the worker, but the peer must not be told while the cord is cut. */
  const parked = new Set<RTCPeerConnection>()
  let current = nothingCut
  let lastCutId = 0
  /** By their ids: who waits until something is cut. */
  const cutting = new Map<number, () => void>()
  const say = (message: FromPage): void => port.postMessage(message)
  /** To be called in the very task that brought the channel: later it can not be handed over any more. */
  const handOver = (connection: number, channel: number | null, dataChannel: RTCDataChannel): void =>
    port.postMessage({ kind: 'channel', connection, channel, dataChannel } satisfies FromPage, [
      // Not yet in the compiler's library: https://www.w3.org/TR/webrtc-extensions/#rtcdatachannel-extensions
      dataChannel as unknown as Transferable,
    ])

  const make = (connection: number, configuration: RTCConfiguration): void => {
    const made = makeConnection(configuration)
    connections.set(connection, made)
    made.addEventListener('connectionstatechange', () => {
      if (!current.direct) say({ kind: 'state', connection, state: made.connectionState })
    })
    made.addEventListener('icecandidate', ({ candidate }) => {
      if (!current.direct) say({ kind: 'candidate', connection, candidate: candidate?.toJSON() ?? null })
    })
    made.addEventListener('datachannel', ({ channel }) => handOver(connection, null, channel))
  }
  const perform = async (made: RTCPeerConnection, call: Call): Promise<RTCSessionDescriptionInit | null> => {
    switch (call.method) {
      case 'createOffer':
        return made.createOffer()
      case 'createAnswer':
        return made.createAnswer()
      case 'setLocalDescription':
        await made.setLocalDescription(call.description)
        return made.localDescription
      case 'setRemoteDescription':
        await made.setRemoteDescription(call.description)
        return made.remoteDescription
      case 'addIceCandidate':
        if (!current.direct) await made.addIceCandidate(call.candidate)
        return null
    }
  }
  const close = (made: RTCPeerConnection): void => (current.direct ? void parked.add(made) : made.close())
  const endAll = (): void => {
    document.removeEventListener('freeze', endAll)
    for (const made of [...connections.values(), ...parked]) made.close()
    connections.clear()
    parked.clear()
    for (const resolve of cutting.values()) resolve()
    port.close()
  }

  port.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
    // The lock is free again when the worker has died, of whatever; the peers would wait for it for ever.
    if (data.kind === 'held') return void navigator.locks.request(lockName, { mode: 'shared' }, endAll)
    if (data.kind === 'make') return make(data.connection, data.configuration)
    if (data.kind === 'cut') {
      cutting.get(data.id)?.()
      return void cutting.delete(data.id)
    }
    const made = connections.get(data.connection)
    if (!made) return
    if (data.kind === 'channel') {
      const { connection, channel, label, options } = data
      handOver(connection, channel, made.createDataChannel(label, options))
    } else if (data.kind === 'call') {
      const { id, call } = data
      perform(made, call).then(
        (description) => say({ kind: 'answer', id, description: description && plain(description) }),
        (error: unknown) => say({ kind: 'failure', id, message: String(error) }),
      )
    } else {
      connections.delete(data.connection)
      close(made)
    }
  })
  port.start()
  // The node ends with it, and peers that are told need not wait for a word.
  document.addEventListener('freeze', endAll)
  worker.postMessage({ kind: 'rtc', lockName } satisfies RtcMessage, [port2])
  return {
    cut(cut) {
      current = cut
      const id = ++lastCutId
      const isCut = new Promise<void>((resolve) => cutting.set(id, resolve))
      say({ kind: 'cut', id, cut })
      if (!cut.direct) {
        for (const made of parked) made.close()
        parked.clear()
      }
      return isCut
    },
  }
}

/** What can be sent to another thread. */
const plain = ({ type, sdp }: RTCSessionDescriptionInit): RTCSessionDescriptionInit => ({
  type,
  ...(sdp === undefined ? {} : { sdp }),
})
